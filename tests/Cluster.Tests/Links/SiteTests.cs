using Sheaf.Engine;
using Sheaf.Grains;

namespace Sheaf.Cluster.Tests.Links;

/// <summary>What happens on a site at the same time, in the order that is worst.</summary>
public sealed class SiteTests
{
    private static readonly CancellationCause Stop = new(CancellationCauseKind.ParentCancelled, "the silo stops", "site", DateTimeOffset.UnixEpoch);

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Leave_WhileTheSiloHandsItselfAChild_TheChildIsSignalled()
    {
        await using Site site = new(TimeSpan.FromMinutes(1));
        site.AtNextTime(() => site.Silo.Leave(Stop));
        site.Silo.DeliverHere([Site.Deliver(epoch: 1)]);
        await site.GuardAsync(site.Signalled.Task);
        Assert.DoesNotContain(site.Silo.Running("site"), child => child.IsOwned);
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Lapse_WhileANewOwnerAsksForTheChild_TheChildIsTheNewOwners()
    {
        await using Site site = new(TimeSpan.Zero);
        site.Silo.Deliver("old", 1, 0, [Site.Deliver(epoch: 1)]);
        FoundDeliveries? found = null;
        site.AtNextTime(() => found = Assert.Single(site.Silo.DeliverHere([new SiteItem("w-1", 2, new Attach([new Delivery(new ChildId(1, 0), 1)]))])));
        site.Silo.EndLapsedLeases();
        Assert.Single(found!.Value.Deliveries);
        Assert.True(Assert.Single(site.Silo.Running("site")).IsOwned);
    }
}
