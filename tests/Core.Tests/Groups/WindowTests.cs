using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R11")]
public sealed class WindowTests
{
    [Fact]
    public async Task Window_OfOne_RunsInTheOrderOfStarting()
    {
        List<int> order = [];
        await TaskGroup.RunAsync(group =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                int mine = i;
                _ = group.Start(async _ =>
                {
                    order.Add(mine);
                    await Task.Yield();
                });
            }

            return Task.CompletedTask;
        }, new() { MaxConcurrency = 1 }).Within("the group's end");
        Assert.Equal(Enumerable.Range(0, 1_000), order);
    }

    [Fact]
    public async Task Window_GroupIsCancelled_ThoseWaitingNeverStart()
    {
        TaskGroup? seen = null;
        int ran = 0;
        await TaskGroup.RunAsync(async group =>
        {
            seen = group;
            ChildTask[] children = [.. Enumerable.Range(0, 5).Select(_ => group.Start(token =>
            {
                Interlocked.Increment(ref ran);
                return Forever(token);
            }))];
            group.Cancel("full");
            var error = await Assert.ThrowsAsync<OperationCanceledException>(() => children[4]);
            Assert.Contains("never started", error.Message, StringComparison.Ordinal);
        }, new() { MaxConcurrency = 2 }).Within("the group's end");
        Assert.Equal(2, ran);
        Assert.Equal([0, 0, 0], seen!.Outcomes.Skip(2).Select(outcome => outcome.Attempts));
        Assert.All(seen.Outcomes.Skip(2), outcome => Assert.Equal((OutcomeKind.NotStarted, null), (outcome.Kind, outcome.StartedAt)));
    }

    [Fact]
    public async Task Window_PlaceFreedAndGroupCancelledAtOnce_WaitingChildRanOrWasNeverStarted()
    {
        for (int round = 0; round < 500; round++)
        {
            bool ran = false;
            ChildTask? waiting = null;
            await TaskGroup.RunAsync(group =>
            {
                TaskCompletionSource first = new();
                _ = group.Start(_ => first.Task);
                waiting = group.Start(_ =>
                {
                    ran = true;
                    return Task.CompletedTask;
                });
                first.SetResult();
                group.Cancel();
                return Task.CompletedTask;
            }, new() { MaxConcurrency = 1 }).Within("the group's end");
            // Which of the two came first is chance; that the outcome tells the truth is not.
            Outcome outcome = await waiting!.OutcomeAsync();
            Assert.Equal(ran ? OutcomeKind.Succeeded : OutcomeKind.NotStarted, outcome.Kind);
        }
    }

    [Fact]
    public async Task Window_WaitingChild_RunsInItsStartersExecutionContext()
    {
        AsyncLocal<string> ambient = new();
        List<string?> seen = [];
        await TaskGroup.RunAsync(group =>
        {
            TaskCompletionSource first = new();
            _ = group.Start(_ => first.Task);
            for (char value = 'a'; value <= 'b'; value++)
            {
                ambient.Value = $"{value}";
                _ = group.Start(_ =>
                {
                    seen.Add(ambient.Value);
                    return Task.CompletedTask;
                });
            }

            ambient.Value = "later";
            first.SetResult();
            return Task.CompletedTask;
        }, new() { MaxConcurrency = 1 }).Within("the group's end");
        Assert.Equal(["a", "b"], seen);
    }

    [Fact]
    public async Task Window_NestedGroups_AreNotCounted()
    {
        int ran = 0;
        await TaskGroup.RunAsync(async group =>
        {
            await group.GroupAsync("a", async a => await a.GroupAsync("b", async b =>
            {
                await b.Start(_ =>
                {
                    ran++;
                    return Task.CompletedTask;
                });
            }, new() { MaxConcurrency = 1 }), new() { MaxConcurrency = 1 });
        }, new() { MaxConcurrency = 1 }).Within("the group's end");
        Assert.Equal(1, ran);
    }

    [Fact]
    public async Task Window_ChildStartsSiblings_AllRun()
    {
        int ran = 0;
        await TaskGroup.RunAsync(group =>
        {
            Grow(10);
            return Task.CompletedTask;

            void Grow(int depth) => _ = group.Start(async _ =>
            {
                Interlocked.Increment(ref ran);
                await Task.Yield();
                if (depth == 0) return;
                Grow(depth - 1);
                Grow(depth - 1);
            });
        }, new() { MaxConcurrency = 3 }).Within("the tree", () => $"{ran} ran");
        Assert.Equal(2_047, ran);
    }

    [Fact]
    public async Task Limiter_SharedByGroupsAndNestedGroups_BoundsLeavesWithoutDeadlock()
    {
        CapacityLimiter limiter = new(2);
        TaskGroupOptions options = new() { CapacityLimiter = limiter };
        int running = 0, most = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(outer => TaskGroup.RunAsync(group =>
        {
            Leaves(group);
            _ = group.GroupAsync("inner", inner =>
            {
                Leaves(inner);
                _ = inner.GroupAsync("innermost", innermost =>
                {
                    Leaves(innermost);
                    return Task.CompletedTask;
                }, options);
                return Task.CompletedTask;
            }, options);
            return Task.CompletedTask;
        }, options))).Within("the groups", () => $"{limiter.InUse} permits in use, {running} running");
        Assert.InRange(most, 1, 2);
        Assert.Equal(0, limiter.InUse);

        void Leaves(TaskGroup group)
        {
            for (int i = 0; i < 50; i++)
            {
                _ = group.Start(async _ =>
                {
                    int now = Interlocked.Increment(ref running);
                    int seen;
                    while ((seen = Volatile.Read(ref most)) < now) Interlocked.CompareExchange(ref most, now, seen);
                    await Task.Yield();
                    Interlocked.Decrement(ref running);
                });
            }
        }
    }

    [Fact]
    public async Task Limiter_GroupCancelledWhileWaiting_NotStartedAndNoPermitLost()
    {
        CapacityLimiter limiter = new(1);
        TaskGroup? seen = null;
        await TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start("holds", Forever);
            _ = group.Start("waits", Forever);
            Assert.Equal(1, limiter.InUse);
            group.Cancel();
            return Task.CompletedTask;
        }, new() { CapacityLimiter = limiter }).Within("the group's end");
        Assert.Equal(["holds Cancelled 1", "waits NotStarted 0"], seen!.Outcomes.Select(outcome => $"{outcome.Name} {outcome.Kind} {outcome.Attempts}"));
        Assert.Equal(0, limiter.InUse);
    }

    [Fact]
    public async Task Limiter_ChildrenFail_PermitsComeBack()
    {
        CapacityLimiter limiter = new(1);
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start(_ => throw new FormatException("sync"));
            _ = group.Start(async _ =>
            {
                await Task.Yield();
                throw new FormatException("async");
            });
            _ = group.Start(_ => NoTask());
            return Task.CompletedTask;
        }, new() { CapacityLimiter = limiter, Policy = GroupPolicy.CollectAll }));
        Assert.Equal(3, failures.LeafCount);
        Assert.Equal(0, limiter.InUse);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Limiter_WithoutCapacity_IsRefused(int capacity) => Assert.Throws<ArgumentOutOfRangeException>(() => new CapacityLimiter(capacity));
}
