using System.Runtime.CompilerServices;

namespace Sheaf.Core.Tests.Groups;

/// <summary>R9 in one process: only where asked for, and nothing of it is lost or counted twice.</summary>
public sealed class AbandonTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private readonly TestTime _time = new();

    [Fact]
    [Trait("Rule", "R9")]
    public async Task Group_WithoutGracePeriod_WaitsForAsLongAsItTakes()
    {
        TaskCompletionSource gate = new();
        Task<string> run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start("slow", _ => gate.Task);
            group.Cancel("enough");
            return Task.FromResult("v");
        }, new() { TimeProvider = _time });
        _time.Advance(TimeSpan.FromDays(1));
        Assert.False(run.IsCompleted);
        gate.SetResult();
        Assert.Equal("v", await run.Within("the group's end"));
    }

    [Fact]
    [Trait("Rule", "R9")]
    public async Task LateEnd_OfEveryKind_IsObservedAndCounted()
    {
        List<string> unobserved = [];
        void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs args)
        {
            if (args.Exception.InnerExceptions[0] is FormatException) unobserved.Add(args.Exception.Message);
        }

        TaskScheduler.UnobservedTaskException += OnUnobserved;
        try
        {
            TaskGroup seen = await AbandonThreeAsync();
            Assert.Equal(3, seen.LateCount);
            Assert.All(seen.Outcomes, outcome => Assert.Equal(OutcomeKind.Abandoned, outcome.Kind));
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= OnUnobserved;
        }

        Assert.Empty(unobserved);
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "R11")]
    public async Task Abandoned_HeldAPlace_ThoseThatWaitedWereNotStarted()
    {
        TaskCompletionSource gate = new();
        TaskGroup? group = null;
        Task<string> run = TaskGroup.RunAsync(opened =>
        {
            group = opened;
            _ = opened.Start("holds", _ => gate.Task);
            _ = opened.Start("waits", _ => Task.CompletedTask);
            opened.Cancel("enough");
            return Task.FromResult("v");
        }, new() { TimeProvider = _time, GracePeriod = Grace, MaxConcurrency = 1 });
        Assert.Equal(Grace, await _time.NextTimer());
        _time.Advance(Grace);
        await Guard.Throws<ExceptionGroup>(() => run);
        Assert.Equal([OutcomeKind.Abandoned, OutcomeKind.NotStarted], group!.Outcomes.Select(outcome => outcome.Kind));
        gate.SetResult();
        Assert.Equal(1, group.LateCount);
    }

    [Fact]
    [Trait("Rule", "R9")]
    public async Task Abandoned_IsAwaited_ThrowsToTheAwaiter()
    {
        TaskCompletionSource gate = new();
        ChildTask? child = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            child = group.Start("a", _ => gate.Task);
            group.Cancel();
            return Task.CompletedTask;
        }, new() { TimeProvider = _time, GracePeriod = Grace });
        _time.Advance(Grace);
        ExceptionGroup failures = await Guard.Throws<ExceptionGroup>(() => run);
        ChildAbandonedException thrown = await Guard.Throws<ChildAbandonedException>(() => child!.AsTask());
        Assert.Same(Assert.Single(failures.InnerExceptions), thrown);
        gate.SetResult();
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "R8")]
    public async Task NestedGroup_OuterHasGrace_JudgesItsLeavesByItsOwn()
    {
        TaskCompletionSource gate = new();
        Task run = TaskGroup.RunAsync(async outer =>
        {
            ChildTask nested = outer.GroupAsync("nested", inner =>
            {
                _ = inner.Start("a", _ => gate.Task);
                return Task.CompletedTask;
            });
            outer.Cancel();
            await nested.OutcomeAsync();
        }, new() { TimeProvider = _time, GracePeriod = Grace });
        _time.Advance(Grace);
        Assert.False(run.IsCompleted);
        gate.SetResult();
        await run.Within("the group's end");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task GracePeriod_OutOfRange_NamesTheOption(int seconds)
    {
        TimeSpan grace = TimeSpan.FromSeconds(seconds);
        ArgumentOutOfRangeException local = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TaskGroup.RunAsync(_ => Task.CompletedTask, new() { GracePeriod = grace }));
        Assert.Equal("GracePeriod", local.ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkflowGroupOptions { GracePeriod = grace }.Validate());
    }

    [Fact]
    [Trait("Rule", "R15")]
    public async Task Map_WithGracePeriod_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => TaskGroup.MapAsync([1], (_, _) => Task.CompletedTask, new MapOptions<int> { Group = new() { GracePeriod = Grace } }));

    /// <summary>One that fails late, one that is tried again late, one that succeeds late.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<TaskGroup> AbandonThreeAsync()
    {
        TaskCompletionSource fails = new();
        TaskCompletionSource retried = new();
        TaskCompletionSource succeeds = new();
        TaskGroup? group = null;
        Task run = TaskGroup.RunAsync(opened =>
        {
            group = opened;
            _ = opened.Start("fails", _ => fails.Task);
            _ = opened.Start("is tried again", _ => retried.Task, new() { Retry = new() { MaxAttempts = 3 } });
            _ = opened.Start("succeeds", _ => succeeds.Task);
            opened.Cancel();
            return Task.CompletedTask;
        }, new() { TimeProvider = _time, GracePeriod = Grace });
        _time.Advance(Grace);
        ExceptionGroup failures = await Guard.Throws<ExceptionGroup>(() => run);
        Assert.Equal(3, failures.InnerExceptions.Count);
        fails.SetException(new FormatException("late"));
        retried.SetException(new FormatException("late too"));
        succeeds.SetResult();
        return group!;
    }
}
