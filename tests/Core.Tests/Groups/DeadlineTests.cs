using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R7")]
public sealed class DeadlineTests
{
    private readonly TestTime _time = new();

    [Fact]
    public async Task Deadline_PassesWithoutFailures_ThrowsByItself()
    {
        TaskGroup? seen = null;
        Task run = TaskGroup.RunAsync(async group =>
        {
            seen = group;
            await group.Start(Forever);
        }, Options(TimeSpan.FromSeconds(5)) with { Name = "g" });
        _time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Null(seen!.Cause);
        _time.Advance(TimeSpan.FromTicks(1));
        var error = await Throws<DeadlineExceededException>(() => run);
        Assert.Contains("g", error.Message, StringComparison.Ordinal);
        Assert.Equal((CancellationCauseKind.DeadlineExceeded, "g"), (seen.Cause!.Kind, seen.Cause.By));
    }

    [Fact]
    public async Task Deadline_PassesAndAChildFails_IsOneOfTheLeaves()
    {
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start("cleanup", token => FailWhenCancelled(new IOException("cleanup"), token));
            return Task.CompletedTask;
        }, Options(TimeSpan.FromSeconds(5)));
        _time.Advance(TimeSpan.FromSeconds(5));
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Equal([typeof(IOException), typeof(DeadlineExceededException)], failures.InnerExceptions.Select(error => error.GetType()));
        Assert.Equal(CancellationCauseKind.DeadlineExceeded, failures.Cause!.Kind);
    }

    [Fact]
    public async Task Deadline_PassesButAllSucceed_ReturnsTheResult()
    {
        TaskCompletionSource<int> late = new();
        Task<int> run = TaskGroup.RunAsync(async group => await group.Start(_ => late.Task), Options(TimeSpan.FromSeconds(5)));
        _time.Advance(TimeSpan.FromSeconds(6));
        late.SetResult(3);
        Assert.Equal(3, await run.Within("the group's end"));
    }

    [Fact]
    public async Task Deadline_NotReached_LeavesNoTimerBehind()
    {
        TaskGroup? seen = null;
        await TaskGroup.RunAsync(group =>
        {
            seen = group;
            return Task.CompletedTask;
        }, Options(TimeSpan.FromSeconds(5))).Within("the group's end");
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(seen!.Cause);
    }

    [Fact]
    public async Task Deadline_Zero_BodyIsNotRun()
    {
        await Throws<DeadlineExceededException>(() => TaskGroup.RunAsync(_ => throw new FormatException("ran"), Options(TimeSpan.Zero)));
        await Throws<GroupCancelledException>(() => TaskGroup.RunAsync<int>(
            _ => throw new FormatException("ran"), new() { MoveOnAfter = TimeSpan.Zero, TimeProvider = _time }));
        await Throws<DeadlineExceededException>(() => TaskGroup.RunAsync(
            _ => throw new FormatException("ran"), Options(TimeSpan.Zero) with { MoveOnAfter = TimeSpan.Zero }));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(50)]
    [InlineData(3_650)]
    public async Task Deadline_LongerThanThePlatformsTimers_PassesOnTime(int days)
    {
        TaskGroup? seen = null;
        Task run = TaskGroup.RunAsync(async group =>
        {
            seen = group;
            await group.Start(Forever);
        }, Options(TimeSpan.FromDays(days)));
        _time.Advance(TimeSpan.FromDays(days) - TimeSpan.FromTicks(1));
        Assert.Null(seen!.Cause);
        _time.Advance(TimeSpan.FromTicks(1));
        await Throws<DeadlineExceededException>(() => run);
    }

    [Fact]
    public async Task Times_AtTheEndOfTheRange_AreNoLimit()
    {
        foreach (TimeSpan longest in new[] { TimeSpan.MaxValue, Timeout.InfiniteTimeSpan })
        {
            TaskGroupOptions options = new() { Deadline = longest, MoveOnAfter = longest, Shield = longest };
            using CancellationTokenSource caller = new();
            await caller.CancelAsync();
            Assert.Equal(1, await TaskGroup.RunAsync(_ => Task.FromResult(1), options, caller.Token).Within("real time"));
            Assert.Equal(2, await TaskGroup.RunAsync(_ => Task.FromResult(2), options with { TimeProvider = _time }, caller.Token).Within("fake time"));
        }
    }

    [Fact]
    public void Times_Negative_AreRefusedByName()
    {
        TimeSpan negative = TimeSpan.FromSeconds(-1);
        foreach ((TaskGroupOptions options, string name) in new (TaskGroupOptions, string)[]
        {
            (new() { Deadline = negative }, "Deadline"),
            (new() { Deadline = TimeSpan.MinValue }, "Deadline"),
            (new() { MoveOnAfter = negative }, "MoveOnAfter"),
            (new() { Shield = negative }, "Shield"),
            (new() { Shield = TimeSpan.Zero }, "Shield"),
            (new() { MaxConcurrency = 0 }, "MaxConcurrency"),
            (new() { MaxConcurrency = -1 }, "MaxConcurrency"),
            (new() { MaxFailures = 0 }, "MaxFailures"),
            (new() { Retry = new() { MaxAttempts = 0 } }, "MaxAttempts"),
            (new() { TimeProvider = null! }, "TimeProvider"),
            (new() { Name = "" }, "Name"),
            (new() { Policy = (GroupPolicy)99 }, "policy"),
        })
        {
            var error = Assert.ThrowsAny<ArgumentException>(() => TaskGroup.Open(options));
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task MoveOnAfter_Passes_EndsCleanlyWithoutValue()
    {
        Task<GroupResult<int>> run = TaskGroup.TryRunAsync(async group =>
        {
            await group.Start(Forever);
            return 1;
        }, new() { MoveOnAfter = TimeSpan.FromSeconds(1), TimeProvider = _time });
        _time.Advance(TimeSpan.FromSeconds(1));
        GroupResult<int> result = await run.Within("the group's end");
        Assert.False(result.HasValue);
        Assert.Equal(CancellationCauseKind.DeadlineExceeded, result.Cause!.Kind);
    }

    [Fact]
    public async Task DeadlineAndMoveOnAfter_TheFirstDecides()
    {
        TaskGroupOptions moveOn = Options(TimeSpan.FromSeconds(2)) with { MoveOnAfter = TimeSpan.FromSeconds(1) };
        Task first = TaskGroup.RunAsync(async group => await group.Start(Forever), moveOn);
        Task second = TaskGroup.RunAsync(async group => await group.Start(Forever), moveOn with { MoveOnAfter = TimeSpan.FromSeconds(3) });
        _time.Advance(TimeSpan.FromSeconds(1));
        await first.Within("the first group");
        _time.Advance(TimeSpan.FromSeconds(1));
        await Throws<DeadlineExceededException>(() => second);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Deadline_OfTheParent_EndsTheNestedGroupToo()
    {
        TaskGroup? inner = null;
        Task run = TaskGroup.RunAsync(async group =>
        {
            await group.GroupAsync("inner", async nested =>
            {
                inner = nested;
                await nested.Start(Forever);
            }, new() { Deadline = TimeSpan.FromSeconds(10) });
        }, Options(TimeSpan.FromSeconds(5)) with { Name = "outer" });
        _time.Advance(TimeSpan.FromSeconds(5));
        await Throws<DeadlineExceededException>(() => run);
        CancellationCause cause = inner!.Cause!;
        Assert.Equal((CancellationCauseKind.ParentCancelled, "outer"), (cause.Kind, cause.By));
        Assert.Equal((CancellationCauseKind.DeadlineExceeded, "outer"), (cause.Root.Kind, cause.Root.By));
        Assert.Equal(TimeSpan.FromSeconds(5), cause.At - new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Deadline_OfTheNestedGroup_IsOnTheParentsClockAndAFailureThere()
    {
        Task run = TaskGroup.RunAsync(async group =>
            await group.GroupAsync("inner", async nested => await nested.Start(Forever), new() { Deadline = TimeSpan.FromSeconds(1) }),
            Options(TimeSpan.FromSeconds(5)));
        _time.Advance(TimeSpan.FromSeconds(1));
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.IsType<DeadlineExceededException>(Assert.Single(failures.InnerExceptions));
        Assert.StartsWith("inner:", Assert.Single(failures.Lines()), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task Outcomes_TimesAreTheGroupsClocks()
    {
        TaskCompletionSource release = Signal();
        Outcome? outcome = null;
        Task run = TaskGroup.RunAsync(async group => outcome = await group.Start(_ => release.Task).OutcomeAsync(), Options(TimeSpan.FromDays(1)));
        _time.Advance(TimeSpan.FromMinutes(3));
        release.SetResult();
        await run.Within("the group's end");
        Assert.Equal(TimeSpan.FromMinutes(3), outcome!.Duration);
        Assert.Equal(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero), outcome.StartedAt);
    }

    private TaskGroupOptions Options(TimeSpan deadline) => new() { Deadline = deadline, TimeProvider = _time };
}
