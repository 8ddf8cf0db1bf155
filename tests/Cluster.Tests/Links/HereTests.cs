using System.Collections.Concurrent;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Engine;
using Sheaf.Grains;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Links;

/// <summary>The way from a silo, as an owner, to itself.</summary>
public sealed class HereTests
{
    [Fact]
    [Trait("Rule", "D7")]
    public async Task Here_MoreChildrenThanALinkHasCredits_NoneWaitsForAConfirmationThatDoesNotCome()
    {
        const int Count = 10_000;
        await using Owner owner = new();
        TakingSite site = new() { Awaited = Count };
        owner.AddHere(items => site.Take(1, items));
        ClusterChildren children = owner.Children("w-1", _ => { });
        Owner.Start(children, 0, Count);
        Assert.Empty(children.WhyWaiting());
        Assert.Equal(Count, await owner.GuardAsync(site.WhenAll));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Place_MoreThanOthersHaveRoomForNow_WaitsForThem_AndDoesNotPileUpHere()
    {
        const int Count = 30_000;
        await using Owner owner = new();
        TakingSite here = new() { Awaited = Count }, others = new() { Awaited = Count };
        owner.AddHere(items => here.Take(1, items));
        for (int i = 0; i < 2; i++)
        {
            owner.Add($"site-{i}", async (stream, _, items) =>
            {
                // Later, as over a network.
                await Task.Yield();
                return others.Take(stream, items);
            });
        }

        ClusterChildren children = owner.Children("w-1", _ => { });
        Owner.Start(children, 0, Count);
        await owner.GuardAsync(AllArePlacedAsync());
        // A third at first, and of the rest half of what each other silo takes, rounded up.
        Assert.InRange(here.Count, Count / 3, 14_100);

        async Task<bool> AllArePlacedAsync()
        {
            await Polling.UntilAsync(() => Task.FromResult(children.WhyWaiting().Count == 0));
            return true;
        }
    }

    [Fact]
    [Trait("Rule", "D7")]
    [Trait("Rule", "D2")]
    public async Task Place_TheSiloThatWouldHaveRoomDies_WhatWaitsIsPlacedHere()
    {
        const int Count = 20_000;
        await using Owner owner = new();
        TakingSite here = new() { Awaited = Count / 2 };
        owner.AddHere(items => here.Take(1, items));
        TaskCompletionSource<SiteAnswer> hangs = new();
        owner.Add("hangs", (_, _, _) => hangs.Task);
        List<Delivery> lost = [];
        ClusterChildren children = owner.Children("w-1", letter => lost.AddRange(((Lost)letter.Input).Deliveries));
        Owner.Start(children, 0, Count);
        Assert.Equal(Count / 2, here.Count);
        Assert.NotEmpty(children.WhyWaiting());
        owner.Links.OnDead("hangs");
        Assert.Empty(children.WhyWaiting());
        Assert.Equal(Count, here.Count + lost.Count);
        hangs.SetCanceled();
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Own_TwoCallersAtOnce_TheActorThatRunsIsTheOneThatTheLinksKnow()
    {
        const int Workflows = 500;
        await using Owner owner = new();
        ConcurrentBag<WorkflowId> made = [];
        WorkflowOwner workflows = new(owner.Host, (header, post) =>
        {
            made.Add(header.Id);
            return new ClusterChildren(header.Id, header.Epoch, owner.Links, owner.Host, post);
        }, takesOver: true);
        using Barrier barrier = new(2);
        WorkflowHeader[] headers = [.. Enumerable.Range(0, Workflows).Select(i => new WorkflowHeader
        {
            Id = $"w-{i}", Workflow = "nobody has it", Input = "null", CreatedAt = DateTimeOffset.UnixEpoch, Owner = "owner", Epoch = 2,
        })];
        await owner.GuardAsync(Task.WhenAll(OwnAsync(), OwnAsync()));
        Assert.Equal(Workflows, made.Count);

        Task<int> OwnAsync() => Task.Factory.StartNew(() =>
        {
            foreach (WorkflowHeader header in headers)
            {
                barrier.SignalAndWait();
                Assert.True(workflows.OwnAsync(header, CancellationToken.None).IsCompletedSuccessfully);
            }

            return 0;
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
