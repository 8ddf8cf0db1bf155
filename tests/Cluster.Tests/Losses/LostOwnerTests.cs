using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>D7, D8: the survivors take workflows over, and children that run elsewhere stay what they are.</summary>
public sealed class LostOwnerTests
{
    [Fact]
    [Trait("Rule", "D8")]
    public async Task Kill_TheOwnersSilo_ChildrenElsewhereAreAttachedNotDeliveredAgain()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        InProcessSiloHandle owner = cluster.Silos[1];
        WorkflowId id = await cluster.SowAsync(owner, new Rows(30));
        IReadOnlyList<Started> first = await cluster.Field.StartedAsync(30);
        int lost = first.Count(start => start.Silo == owner.Name);
        await cluster.KillAsync(owner);
        // Some end while nobody owns the workflow, or just after: kept until somebody does.
        foreach (Started start in first.Where(start => start.Silo != owner.Name).Take(5)) cluster.Field.Open("open", start.Number);
        await cluster.Field.StartedAsync(30 + lost);
        cluster.Field.Open("open");
        Assert.Equal(30 * 29 / 2, await cluster.ResultAsync(id));
        Assert.All(cluster.Field.Starts.Skip(30), start => Assert.Equal(2, start.Delivery));
        Assert.Equal(30 + lost, cluster.Field.Starts.Count);
        Assert.Equal(lost, (await cluster.EventsAsync(id)).Count(seen => seen.Kind == WorkflowEventKind.DeliveryLost));
        Assert.Empty(await cluster.Cluster.AuditAsync());
    }

    [Fact]
    [Trait("Rule", "D8")]
    public async Task Stuck_AWorkflowsOutcomeWaitsAtASite_OutcomesOfOthersPass()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2, HasRare = number => number == 1 });
        InProcessSiloHandle owner = cluster.Silos.Single(silo => !cluster.HasRare(silo));
        WorkflowId stuck = await cluster.SowAsync(owner, new Rows(2, "rare"), Run.Workflow<Wilt>());
        await cluster.Field.StartedAsync(2);
        cluster.Field.Open("first");
        await Assert.ThrowsAsync<WorkflowStuckException>(() => cluster.ResultAsync(stuck));
        cluster.Field.Open("second");
        await cluster.Field.NoneRunsAsync();
        WorkflowId other = await cluster.SowAsync(owner, new Rows(3, "rare"));
        cluster.Field.Open("open");
        Assert.Equal(3, await cluster.ResultAsync(other));
        cluster.Field.IsMended = true;
        Assert.True(await cluster.Client.RetryAsync(stuck));
        Assert.Equal(1, await cluster.ResultAsync(stuck));
    }
}
