using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Clients;

/// <summary>What a client outside is told of failures on silos.</summary>
public sealed class FailureTests
{
    [Fact]
    [Trait("Rule", "E4")]
    [Trait("Rule", "E6")]
    public async Task Fail_WithTypesThatNoSerializerKnows_TheClientHasThemWithTheirOrigins()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(6, "fail", GroupPolicy.CollectAll));
        cluster.Field.Open("open");
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => cluster.ResultAsync(id));
        IReadOnlyList<FailureLeaf> leaves = [.. failures.Leaves];
        Assert.Equal(6, leaves.Count);
        foreach (FailureLeaf leaf in leaves)
        {
            Started start = Assert.Single(cluster.Field.Starts, start => $"{start.Number}" == leaf.Exception.Message);
            FailureOrigin origin = leaf.Origins[^1];
            Assert.Equal(start.Silo, origin.Silo);
            Assert.Equal((1, 1), (origin.Attempt, origin.Delivery));
            Assert.Equal("fail", origin.Worker);
        }

        Assert.Equal(4, failures.Subgroup<RottenException>()!.Leaves.Count());
    }

    [Fact]
    [Trait("Rule", "E7")]
    public async Task Fail_TwoThousand_CountsAreExactByTypeAndTheGroupIsSmall()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(2000, "fail", GroupPolicy.CollectAll));
        cluster.Field.Open("open");
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => cluster.ResultAsync(id));
        Assert.Equal(2000, Count(failures));
        Assert.Equal(667, Count(failures.Subgroup<BrokenException>()!));
        Assert.Equal(1334, Count(failures.Subgroup<RottenException>()!));
        Assert.Equal(666, Count(failures.Subgroup<LostException>()!));
        Assert.InRange(failures.Leaves.Count(), 100, 110);
        Assert.InRange(Failure.From(failures).ToJson().Length, 1000, 1_000_000);
    }

    private static int Count(ExceptionGroup group) => group.Leaves.Sum(leaf => leaf.Exception is OmittedFailures omitted ? omitted.Count : 1);
}
