using System.Collections.Concurrent;
using Sheaf.Engine;
using Sheaf.Grains;
using Sheaf.Hosting;
using Sheaf.Journal;

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
        site.AtNextTime(() => site.Silo.Leave(Stop, handsBack: true));
        site.Silo.DeliverHere([Site.Deliver(epoch: 1)]);
        await site.GuardAsync(site.Bed.Signalled.Task);
        Assert.DoesNotContain(site.Silo.Running("site"), child => child.IsOwned);
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Lapse_WhileANewOwnerAsksForTheChild_TheChildIsTheNewOwners()
    {
        await using Site site = new(TimeSpan.Zero);
        site.Silo.Deliver("old", 1, 0, [Site.Deliver(epoch: 1)]);
        await site.GuardAsync(site.Bed.Asleep.Task);
        FoundDeliveries? found = null;
        site.AtNextTime(() => found = Assert.Single(site.Silo.DeliverHere([new SiteItem("w-1", 2, new Attach([new Delivery(new ChildId(1, 0), 1)]))])));
        site.Silo.EndLapsedLeases();
        Assert.Single(found!.Value.Deliveries);
        Assert.True(Assert.Single(site.Silo.Running("site")).IsOwned);
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Deliver_ByAnOwnerBeforeTheLastOfAWorkflowThatIsForgotten_StartsNothing()
    {
        await using Site site = new(TimeSpan.FromMinutes(1));
        Forget(site);
        // The message asks the clock, and then whoever finds out what it is worth.
        TaskCompletionSource decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
        site.AtNextTime(() => site.AtNextTime(decided.SetResult));
        site.Silo.Deliver("old", 1, 0, [Site.Deliver(epoch: 1)]);
        Assert.Empty(site.Silo.Running("site"));
        await site.GuardAsync(decided.Task);
        Assert.Empty(site.Silo.Running("site"));
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Deliver_OfANewWorkflowUnderTheIdOfAForgottenOne_Runs()
    {
        await using Site site = new(TimeSpan.FromMinutes(1));
        Forget(site);
        await site.Host.Journal.CreateAsync(new WorkflowHeader { Id = "w-1", Workflow = "w", Input = "null", CreatedAt = DateTimeOffset.UnixEpoch, Owner = "new", Epoch = 1 });
        site.Silo.Deliver("new", 1, 0, [Site.Deliver(epoch: 1)]);
        await site.GuardAsync(site.Bed.Asleep.Task);
        Assert.True(Assert.Single(site.Silo.Running("site")).IsOwned);
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Deliver_WhileTheLastMessageOfAnEarlierOwnerComes_TheChildIsNotForgotten()
    {
        await using Site site = new(TimeSpan.FromMinutes(1));
        site.Silo.Deliver("old", 1, 0, [new SiteItem("w-1", 1, new Attach([new Delivery(new ChildId(1, 0), 1)]))]);
        site.AtNextTime(() => site.Silo.Deliver("old", 1, 1, [new SiteItem("w-1", 1, new ForgetScope(0))]));
        site.Silo.Deliver("new", 1, 0, [Site.Deliver(epoch: 2)]);
        await site.GuardAsync(site.Bed.Asleep.Task);
        Assert.True(Assert.Single(site.Silo.Running("site")).IsOwned);
        site.Silo.Deliver("new", 1, 1, [new SiteItem("w-1", 2, new SignalScope(1, Stop))]);
        await site.GuardAsync(site.Bed.Signalled.Task);
    }

    /// <summary>A workflow of two owners comes and goes.</summary>
    private static void Forget(Site site)
    {
        site.Silo.Deliver("last", 1, 0, [new SiteItem("w-1", 2, new Attach([new Delivery(new ChildId(1, 0), 1)])), new SiteItem("w-1", 2, new ForgetScope(0))]);
        Assert.Equal(0, site.Silo.WorkflowCount);
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Deliver_AChildAgainWhileItIgnoresItsSignal_TheAuditSeesBoth()
    {
        await using Site site = new(TimeSpan.FromMinutes(1));
        site.Silo.DeliverHere([Site.Deliver(epoch: 1)]);
        site.Silo.DeliverHere([Site.Deliver(epoch: 1, delivery: 2)]);
        await site.GuardAsync(site.Bed.Signalled.Task);
        Assert.Equal([(1, false), (2, true)], site.Silo.Running("site").Select(child => (child.Delivery, child.IsOwned)).Order());
    }

    [Fact]
    public async Task LeafPool_TheLastLeafOfAScopeEnds_TheScopeIsForgotten()
    {
        await using Site site = new(TimeSpan.FromMinutes(1));
        TaskCompletionSource<LeafEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LeafPool leaves = new("w-1", site.Host, ended.SetResult, _ => Task.FromResult(false));
        leaves.Start(((Deliver)Site.Deliver(epoch: 1).Message).Dispatch);
        site.Bed.Morning.SetResult();
        leaves.Cancel(new Delivery(new ChildId(1, 0), 1));
        await site.GuardAsync(ended.Task);
        Assert.Equal(1, leaves.ScopeCount);
        leaves.OnApplied(new ChildId(1, 0), 1);
        Assert.Equal(0, leaves.ScopeCount);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task LeafPool_TheLastLeafOfACancelledScopeEnds_TheCauseIsKeptForThoseThatCome()
    {
        await using Site site = new(TimeSpan.FromMinutes(1));
        ConcurrentQueue<LeafEnded> ended = [];
        using SemaphoreSlim some = new(0);
        LeafPool leaves = new("w-1", site.Host, end =>
        {
            ended.Enqueue(end);
            some.Release();
        }, _ => Task.FromResult(false));
        site.Bed.Morning.SetResult();
        for (int delivery = 1; delivery <= 2; delivery++)
        {
            leaves.Start(((Deliver)Site.Deliver(epoch: 1, delivery).Message).Dispatch);
            if (delivery == 1) leaves.Cancel(1, Stop);
            await site.GuardAsync(some.WaitAsync());
            leaves.OnApplied(new ChildId(1, 0), delivery);
        }

        Assert.Equal(2, ended.Count);
        leaves.Close(1);
        Assert.Equal(0, leaves.ScopeCount);
    }
}
