using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R10")]
public sealed class RaceTests
{
    [Fact]
    public async Task FirstSuccess_OneSucceeds_LosersAreCancelledAndWaitedFor()
    {
        bool loserEnded = false;
        int value = await TaskGroup.FirstSuccessAsync<int>(
        [
            async token =>
            {
                try
                {
                    await Forever(token);
                    return 0;
                }
                finally
                {
                    loserEnded = true;
                }
            },
            _ => throw new FormatException("does not count"),
            async _ =>
            {
                await Task.Yield();
                return 2;
            },
        ]).Within("the race");
        Assert.Equal(2, value);
        Assert.True(loserEnded);
    }

    [Fact]
    public async Task FirstSuccess_AllFail_ThrowsAllFailures()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.FirstSuccessAsync<int>(
            [_ => throw new FormatException("0"), _ => Task.FromException<int>(new IOException("1"))], new() { Name = "race" }));
        Assert.Equal(["#0: 0", "#1: 1"], failures.Lines());
        Assert.Equal("race", failures.Title);
    }

    [Fact]
    public async Task FirstSuccess_AlreadyWon_StartsNoMore()
    {
        int started = 0;
        Assert.Equal(1, await TaskGroup.FirstSuccessAsync(Enumerable.Repeat<Func<CancellationToken, Task<int>>>(_ =>
        {
            started++;
            return Task.FromResult(1);
        }, 100)).Within("the race"));
        Assert.Equal(1, started);
    }

    [Fact]
    public async Task Quorum_EnoughSucceed_ValuesInTheOrderOfComing()
    {
        TaskCompletionSource<int>[] gates = [.. Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource<int>())];
        Task<IReadOnlyList<int>> quorum = TaskGroup.QuorumAsync(2, gates.Select<TaskCompletionSource<int>, Func<CancellationToken, Task<int>>>(gate => token => gate.Task.WaitAsync(token)));
        gates[2].SetResult(2);
        gates[0].SetResult(0);
        IReadOnlyList<int> values = await quorum.Within("the quorum");
        Assert.Equal(2, values.Count);
        Assert.Equal([0, 2], values.Order());
    }

    [Fact]
    public async Task Quorum_OutOfReach_CancelsTheRestAndThrowsTheFailures()
    {
        bool cancelled = false;
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.QuorumAsync<int>(2,
        [
            async token =>
            {
                try
                {
                    await Forever(token);
                    return 0;
                }
                finally
                {
                    cancelled = true;
                }
            },
            _ => Task.FromException<int>(new FormatException("1")),
            _ => Task.FromException<int>(new FormatException("2")),
        ]));
        Assert.Equal(["#1: 1", "#2: 2"], failures.Lines());
        Assert.True(cancelled);
        Assert.Equal("sibling '#2' failed", failures.Cause!.ToString());
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Quorum_OutOfReachAndACallbackThrows_HasTheChildrensFailuresToo()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.QuorumAsync<int>(2,
        [
            async token =>
            {
                using CancellationTokenRegistration _ = token.Register(() => throw new IOException("callback"));
                await Forever(token);
                return 0;
            },
            _ => Task.FromException<int>(new FormatException("1")),
        ]));
        Assert.Equal(["#1: 1", "(cancellation callback): callback"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task FirstSuccess_CancelledFromOutsideBeforeAllStarted_Throws()
    {
        using CancellationTokenSource caller = new();
        int started = 0;
        var error = await Throws<OperationCanceledException>(() => TaskGroup.FirstSuccessAsync(Enumerable.Repeat<Func<CancellationToken, Task<int>>>(async token =>
        {
            if (++started == 2) await caller.CancelAsync();
            await Forever(token);
            return 0;
        }, 5), cancellationToken: caller.Token));
        Assert.Equal(caller.Token, error.CancellationToken);
        await Throws<OperationCanceledException>(() => TaskGroup.FirstSuccessAsync<int>([_ => throw new FormatException("ran")], cancellationToken: caller.Token));
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task FirstSuccess_CancelledFromOutsideButAChildSucceeds_AlwaysReturnsTheValue()
    {
        for (int round = 0; round < 500; round++)
        {
            using CancellationTokenSource caller = new();
            TaskCompletionSource<int> late = new();
            Task<int> race = TaskGroup.FirstSuccessAsync<int>([_ => late.Task], cancellationToken: caller.Token);
            await caller.CancelAsync();
            late.SetResult(4);
            Assert.Equal(4, await race.Within("the race"));
        }
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task FirstSuccess_Deadline_ThrowsItAloneOrAmongTheFailures()
    {
        TestTime time = new();
        TaskGroupOptions options = new() { Deadline = TimeSpan.FromSeconds(1), TimeProvider = time };
        Func<CancellationToken, Task<int>> waits = async token =>
        {
            await Forever(token);
            return 0;
        };
        Task<int> alone = TaskGroup.FirstSuccessAsync([waits], options);
        Task<int> among = TaskGroup.FirstSuccessAsync([waits, _ => throw new FormatException("bad")], options);
        time.Advance(TimeSpan.FromSeconds(1));
        await Throws<DeadlineExceededException>(() => alone);
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => among);
        Assert.Equal([typeof(FormatException), typeof(DeadlineExceededException)], failures.InnerExceptions.Select(error => error.GetType()));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task FirstSuccess_MoveOnAfter_ThrowsGroupCancelledWithOutcomes()
    {
        TestTime time = new();
        Task<int> race = TaskGroup.FirstSuccessAsync<int>(
        [
            async token =>
            {
                await Forever(token);
                return 0;
            },
        ], new() { MoveOnAfter = TimeSpan.FromSeconds(1), TimeProvider = time });
        time.Advance(TimeSpan.FromSeconds(1));
        var error = await Throws<GroupCancelledException>(() => race);
        Assert.Equal(OutcomeKind.Cancelled, Assert.Single(error.Outcomes).Kind);
    }

    [Fact]
    public async Task Quorum_WrongArguments_AreRefusedBeforeAnythingStarts()
    {
        int started = 0;
        Func<CancellationToken, Task<int>> child = _ =>
        {
            started++;
            return Task.FromResult(1);
        };
        await Throws<ArgumentNullException>(() => TaskGroup.QuorumAsync<int>(1, null!));
        await Throws<ArgumentException>(() => TaskGroup.FirstSuccessAsync<int>([]));
        await Throws<ArgumentException>(() => TaskGroup.QuorumAsync(2, [child]));
        await Throws<ArgumentOutOfRangeException>(() => TaskGroup.QuorumAsync(0, [child]));
        await Throws<ArgumentException>(() => TaskGroup.QuorumAsync(1, [child, null!]));
        Assert.Equal(0, started);
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task FirstSuccess_WithAWindow_TriesOneAfterTheOther()
    {
        List<int> tried = [];
        int value = await TaskGroup.FirstSuccessAsync(Enumerable.Range(0, 10).Select<int, Func<CancellationToken, Task<int>>>(i => async _ =>
        {
            tried.Add(i);
            await Task.Yield();
            return i < 3 ? throw new FormatException("no") : i;
        }), new() { MaxConcurrency = 1 }).Within("the race");
        Assert.Equal(3, value);
        Assert.Equal([0, 1, 2, 3], tried.Take(4));
    }

    [Fact]
    public async Task FirstSuccess_PolicyIsGiven_HasNoSay()
    {
        int value = await TaskGroup.FirstSuccessAsync<int>([_ => throw new FormatException("bad"), _ => Task.FromResult(1)], new() { Policy = GroupPolicy.FailFast })
            .Within("the race");
        Assert.Equal(1, value);
    }
}
