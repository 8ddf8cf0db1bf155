using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>D2: the loss of a silo ends deliveries, never attempts.</summary>
public sealed class LostSiteTests
{
    [Fact]
    [Trait("Rule", "D2")]
    public async Task Kill_ASiloUnderRunningChildren_TheyAreDeliveredAgainElsewhere()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        InProcessSiloHandle owner = cluster.Silos[0];
        WorkflowId id = await cluster.SowAsync(owner, new Rows(30));
        IReadOnlyList<Started> first = await cluster.Field.StartedAsync(30);
        InProcessSiloHandle victim = cluster.Silos[2];
        int there = first.Count(start => start.Silo == cluster.NameOf(victim));
        Assert.InRange(there, 1, 29);
        await cluster.KillAsync(victim);
        IReadOnlyList<Started> again = await cluster.Field.StartedAsync(start => start.Delivery == 2, there);
        cluster.Field.Open("open");
        Assert.Equal(30 * 29 / 2, await cluster.ResultAsync(id));
        Assert.All(again, start => Assert.NotEqual(cluster.NameOf(victim), start.Silo));
        Assert.Equal(30 + there, cluster.Field.Starts.Count);
        Assert.Equal([.. first.Where(start => start.Silo == cluster.NameOf(victim)).Select(start => start.Key).Order()], again.Select(start => start.Key).Order());
        IReadOnlyList<WorkflowEvent> events = await cluster.EventsAsync(id);
        Assert.Equal(30, events.Count(seen => seen is { Kind: WorkflowEventKind.ChildEnded, Path.Count: 2 }));
        Assert.Equal(there, events.Count(seen => seen.Kind == WorkflowEventKind.DeliveryLost));
        Assert.Empty(await cluster.Cluster.AuditAsync());
    }
}
