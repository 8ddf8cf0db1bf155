using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>R14: what becomes of children that get ready when silos are lost.</summary>
public sealed class ReadyTests
{
    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D8")]
    public async Task OwnerIsLost_TheyGoOnElsewhere_AsReadyAsTheyWere()
    {
        await using FieldCluster cluster = await StartAsync();
        (InProcessSiloHandle owner, WorkflowId id) = await SowAsync(cluster);
        cluster.Field.Open("warm");
        await cluster.RowsAsync(id, rows => rows.All(row => row.IsReady));
        await cluster.KillAsync(owner);
        cluster.Field.Open("open");
        Assert.Equal(3, await cluster.ResultAsync(id));
        Assert.All(await cluster.RowsAsync(id, _ => true), row => Assert.Equal(1, row.Delivery));
        await cluster.EventsAsync(id);
    }

    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D8")]
    public async Task OwnerIsLost_BeforeTheyAreReady_TheNextOneIsTold()
    {
        await using FieldCluster cluster = await StartAsync();
        (InProcessSiloHandle owner, WorkflowId id) = await SowAsync(cluster);
        await cluster.Field.StartedAsync(3);
        Task killed = cluster.KillAsync(owner);
        cluster.Field.Open("warm");
        await killed;
        await cluster.RowsAsync(id, rows => rows.All(row => row.IsReady));
        cluster.Field.Open("open");
        Assert.Equal(3, await cluster.ResultAsync(id));
        Assert.All(await cluster.RowsAsync(id, _ => true), row => Assert.Equal(1, row.Delivery));
    }

    [Theory]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D2")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SiteIsLost_AfterTheyWereReady_TheyHaveFailed(bool inOrder)
    {
        await using FieldCluster cluster = await StartAsync();
        InProcessSiloHandle site = cluster.Silos.Single(cluster.HasRare);
        (_, WorkflowId id) = await SowAsync(cluster);
        cluster.Field.Open("warm");
        await cluster.RowsAsync(id, rows => rows.All(row => row.IsReady));
        await (inOrder ? cluster.StopAsync(site) : cluster.KillAsync(site));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => cluster.ResultAsync(id));
        // The first that is lost cancels the others, of which nothing runs any more either.
        Assert.All(failures.Leaves, leaf => Assert.Contains("after it had said that it is ready", Assert.IsType<WorkerLostException>(leaf.Exception).Message, StringComparison.Ordinal));
        Assert.Equal(3, cluster.Field.Starts.Count);
        await cluster.EventsAsync(id);
    }

    /// <summary>Starts three that get ready, on the one silo that has their worker, and that does not own them.</summary>
    private static async Task<(InProcessSiloHandle Owner, WorkflowId Id)> SowAsync(FieldCluster cluster)
    {
        InProcessSiloHandle owner = cluster.Silos.First(silo => !cluster.HasRare(silo));
        return (owner, await cluster.SowAsync(owner, new Rows(3), Run.Workflow<ServeRows>()));
    }

    private static Task<FieldCluster> StartAsync() => FieldCluster.StartAsync(new Wanted { HasRare = number => number == 2 });
}
