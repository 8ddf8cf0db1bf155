using System.Collections.Concurrent;
using Sheaf.Engine;
using Sheaf.Grains;
using Sheaf.Hosting;

namespace Sheaf.Cluster.Tests.Links;

/// <summary>Orders of things that a cluster shows only now and then.</summary>
public sealed class LinkTests
{
    [Fact]
    [Trait("Rule", "C5")]
    public async Task Lapse_WhileOthersWaitForCredits_TheyArePlaced()
    {
        const int OnTheirWay = 4000, Waiting = 700;
        await using Owner owner = new();
        TakingSite site = new() { Awaited = Waiting };
        TaskCompletionSource lapse = new();
        owner.Add("site", async (stream, _, items) =>
        {
            if (stream > 1) return site.Take(stream, items);
            await lapse.Task;
            return new SiteAnswer(IsLapsed: true, []);
        });
        // The workflow has no more use for what was lost: nothing of it is sent again.
        ClusterChildren children = owner.Children("w-1", _ => { });
        Owner.Start(children, 0, OnTheirWay + Waiting);
        lapse.SetResult();
        Assert.Equal(Waiting, await owner.GuardAsync(site.WhenAll));
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Lapse_AnotherWorkflowStartsAChildMeanwhile_ItIsNotTakenForLost()
    {
        await using Owner owner = new();
        TakingSite site = new() { Awaited = 20 };
        owner.Add("site", (stream, _, items) => Task.FromResult(stream > 1 ? site.Take(stream, items) : new SiteAnswer(IsLapsed: true, [])));
        ConcurrentBag<Delivery> lost = [];
        List<ClusterChildren> all = [];
        // Whichever workflow is told first, the others start a child just then.
        int told = 0;
        for (int i = 0; i < 20; i++)
        {
            all.Add(owner.Children($"w-{i}", letter =>
            {
                foreach (Delivery delivery in ((Lost)letter.Input).Deliveries) lost.Add(delivery);
                if (Interlocked.Increment(ref told) > 1) return;
                foreach (ClusterChildren other in all) Owner.Start(other, 1, 1);
            }));
        }

        Owner.Start(all[10], 0, 1);
        await owner.GuardAsync(site.WhenAll);
        Assert.Equal([Owner.Delivery(0)], lost);
    }

    [Fact]
    [Trait("Rule", "D8")]
    public async Task Attach_AKeptOutcomeComesBeforeTheAnswer_ItsNextDeliveryIsNotForgotten()
    {
        await using Owner owner = new();
        TaskCompletionSource attached = new(), applied = new();
        TakingSite site = new() { Awaited = 1 };
        SiteLink link = owner.Add("site", async (stream, _, items) =>
        {
            if (items[0].Message is not Attach attach) return site.Take(stream, items);
            attached.SetResult();
            await applied.Task;
            return new SiteAnswer(IsLapsed: false, [new FoundDeliveries(items[0].Workflow, items[0].Epoch, attach.Deliveries)]);
        });
        ConcurrentQueue<Delivery> lost = [];
        ClusterChildren children = owner.Children("w-1", letter =>
        {
            foreach (Delivery delivery in ((Lost)letter.Input).Deliveries) lost.Enqueue(delivery);
        });
        children.Attach([Owner.Delivery(0)]);
        await attached.Task;
        // Its attempt failed, and the next one is on its way.
        children.OnApplied(new ChildId(1, 0), 1);
        children.Start(Owner.Dispatch(0, delivery: 2));
        children.Flush();
        applied.SetResult();
        await owner.GuardAsync(site.WhenAll);
        owner.Links.OnDead(link.Silo);
        Assert.Equal([Owner.Delivery(0, 2)], lost);
    }
}
