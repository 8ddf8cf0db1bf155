using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Places;

/// <summary>D7: a child runs where its worker is, or waits and says so.</summary>
public sealed class PlaceTests
{
    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_AWorkerThatOneSiloHas_RunsThereOnly()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { HasRare = number => number == 1 });
        InProcessSiloHandle place = cluster.Silos.Single(cluster.HasRare);
        WorkflowId id = await cluster.SowAsync(cluster.Silos.First(silo => !cluster.HasRare(silo)), new Rows(50, "rare"));
        cluster.Field.Open("open");
        Assert.Equal(50 * 49 / 2, await cluster.ResultAsync(id));
        Assert.All(cluster.Field.Starts, start => Assert.Equal(cluster.NameOf(place), start.Silo));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_AWorkerThatNoSiloHas_WaitsVisiblyUntilOneJoins()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2, HasRare = number => number > 1 });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(3, "rare", MaxConcurrency: 2));
        IReadOnlyList<ChildDescription> rows = await cluster.RowsAsync(id, rows => rows.All(row => row.WaitsFor is not null));
        Assert.Equal(["a silo with worker 'rare': there is none", "a silo with worker 'rare': there is none", "a place among the 2 of its group"], rows.Select(row => row.WaitsFor));
        await cluster.AddAsync();
        cluster.Field.Open("open");
        Assert.Equal(3, await cluster.ResultAsync(id));
        rows = (await cluster.Client.DescribeAsync(id))!.Children[0].Children;
        Assert.All(rows, row => Assert.Null(row.WaitsFor));
        Assert.All(rows, row => Assert.Equal(1, row.Delivery));
    }
}
