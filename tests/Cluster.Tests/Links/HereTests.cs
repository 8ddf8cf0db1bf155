using System.Collections.Concurrent;
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
