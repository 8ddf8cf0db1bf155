using Sheaf.Core.Tests.Groups;
using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Retry;

[Trait("Rule", "R12")]
public sealed class RetryTests
{
    private static readonly RetryPolicy Steady = new() { InitialDelay = TimeSpan.FromSeconds(1), Jitter = 0 };
    private readonly TestTime _time = new();

    [Fact]
    public async Task Retry_FailsTwice_SucceedsAtTheThirdAttempt()
    {
        TaskGroup? seen = null;
        int calls = 0;
        Task<int> run = TaskGroup.RunAsync(async group =>
        {
            seen = group;
            return await group.Start("flaky", _ => ++calls < 3 ? throw new IOException("not yet") : Task.FromResult(calls));
        }, Options(Steady));
        Assert.Equal(TimeSpan.FromSeconds(1), await _time.NextTimer());
        Assert.Equal(1, calls);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(2), await _time.NextTimer());
        Assert.Equal(2, calls);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(3, await run.Within("the third attempt"));
        Outcome outcome = Assert.Single(seen!.Outcomes);
        Assert.Equal((OutcomeKind.Succeeded, 3, TimeSpan.FromSeconds(3)), (outcome.Kind, outcome.Attempts, outcome.Duration));
        Assert.Null(outcome.Exception);
    }

    [Fact]
    public async Task Retry_AllAttemptsFail_ThrowsTheLastAndSaysWhichAttempt()
    {
        int calls = 0;
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("never", _ => throw new IOException($"{++calls}"));
            return Task.CompletedTask;
        }, Options(Steady with { InitialDelay = TimeSpan.Zero, MaxAttempts = 4 })));
        Assert.Equal(["never: 4"], failures.Lines());
        Assert.Equal(4, failures.Leaves.Single().Origins[0].Attempt);
    }

    [Fact]
    public async Task Retry_FailedAttempt_CancelsNobody()
    {
        int calls = 0;
        TaskGroup? seen = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start("flaky", _ => ++calls == 1 ? throw new IOException("once") : Task.CompletedTask);
            return Task.CompletedTask;
        }, Options(Steady));
        Assert.Equal(1, calls);
        Assert.Null(seen!.Cause);
        _time.Advance(TimeSpan.FromSeconds(1));
        await run.Within("the second attempt");
    }

    [Fact]
    public async Task Retry_CancelledInBackoff_IsCancelledWithTheLastFailure()
    {
        Outcome? outcome = null;
        OperationCanceledException? thrown = null;
        await TaskGroup.RunAsync(async group =>
        {
            ChildTask child = group.Start("flaky", _ => throw new IOException("last"));
            group.Cancel("enough");
            outcome = await child.OutcomeAsync();
            thrown = await Assert.ThrowsAsync<OperationCanceledException>(() => child);
        }, Options(Steady)).Within("the group's end");
        Assert.Equal((OutcomeKind.Cancelled, 1, "last"), (outcome!.Kind, outcome.Attempts, outcome.Exception?.Message));
        Assert.Same(outcome.Exception, thrown!.InnerException);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Retry_CancelledInBackoffFromOutside_IsCancellation()
    {
        using CancellationTokenSource caller = new();
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start("flaky", _ => throw new IOException("last"));
            return Task.CompletedTask;
        }, Options(Steady), caller.Token);
        await caller.CancelAsync();
        await Throws<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Retry_FailsWhileCancelled_IsNotTriedAgain()
    {
        int calls = 0;
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("c", _ =>
            {
                calls++;
                group.Cancel();
                throw new IOException("last");
            });
            return Task.CompletedTask;
        }, Options(Steady)));
        Assert.Equal((1, "c: last"), (calls, failures.Lines().Single()));
    }

    [Fact]
    public async Task ChildsPolicy_WinsOverTheGroups()
    {
        int calls = 0;
        await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start(_ => throw new IOException($"{++calls}"), new() { Retry = RetryPolicy.None });
            return Task.CompletedTask;
        }, Options(Steady)));
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Retry_NestedGroup_IsNoLeafAndNotTriedAgain()
    {
        int bodies = 0;
        await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group => await group.GroupAsync("inner", _ =>
        {
            bodies++;
            throw new IOException("bad");
        }), Options(Steady)));
        Assert.Equal(1, bodies);
    }

    [Fact]
    public async Task Retry_ExceptionGroup_OnlyIfEveryLeafQualifies()
    {
        RetryPolicy policy = new RetryPolicy { InitialDelay = TimeSpan.Zero, MaxAttempts = 2 }.On<IOException>();
        Assert.Equal(2, await Attempts(policy, () => new ExceptionGroup("", [new IOException(), new FileNotFoundException()])));
        Assert.Equal(1, await Attempts(policy, () => new ExceptionGroup("", [new IOException(), new FormatException()])));
        Assert.Equal(1, await Attempts(policy, () => new ExceptionGroup("", [new IOException(), new AggregateException(new FormatException())])));
        Assert.Equal(2, await Attempts(policy, () => new AggregateException(new IOException())));
        Assert.Equal(1, await Attempts(policy, () => new AggregateException()));
        Assert.Equal(1, await Attempts(policy, () => [new IOException(), new FormatException()]));
        Assert.Equal(2, await Attempts(policy, () => [new IOException(), new IOException()]));
    }

    [Fact]
    public async Task Retry_TypesAndPredicate_DecideTogether()
    {
        RetryPolicy policy = new() { InitialDelay = TimeSpan.Zero, MaxAttempts = 2 };
        Assert.Equal(2, await Attempts(policy, () => new TaskCanceledException("a timeout nobody asked for")));
        Assert.Equal(1, await Attempts(policy.Except<IOException>(), () => new FileNotFoundException()));
        Assert.Equal(1, await Attempts(policy.On<IOException>().Except<FileNotFoundException>(), () => new FileNotFoundException()));
        Assert.Equal(2, await Attempts(policy.On<IOException>().Except<FileNotFoundException>(), () => new DirectoryNotFoundException()));
        Assert.Equal(1, await Attempts(policy with { When = error => error is not IOException }, () => new IOException()));
        Assert.Equal(1, await Attempts(policy.On<FormatException>() with { When = _ => true }, () => new IOException()));
        Assert.Equal(2, await Attempts(policy.On<CodedException<int>>(), () => new CodedException<int>()));
        Assert.Equal(1, await Attempts(policy.On<CodedException<int>>(), () => new CodedException<string>()));
    }

    [Fact]
    public async Task When_Throws_ChildFailsWithBothAndIsNotTriedAgain()
    {
        int calls = 0;
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("c", _ => throw new IOException($"{++calls}"));
            return Task.CompletedTask;
        }, Options(Steady with { When = _ => throw new NotSupportedException("predicate") })));
        Assert.Equal(["c: 1", "c: predicate"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task Permits_AreReleasedInBackoff()
    {
        CapacityLimiter limiter = new(1);
        int calls = 0;
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start("flaky", _ => ++calls == 1 ? throw new IOException("once") : Task.CompletedTask);
            Assert.Equal(0, limiter.InUse);
            return Task.CompletedTask;
        }, Options(Steady) with { CapacityLimiter = limiter });
        await TaskGroup.RunAsync(async group => await group.Start(_ => Task.CompletedTask), new() { CapacityLimiter = limiter })
            .Within("another group's child during the backoff");
        _time.Advance(TimeSpan.FromSeconds(1));
        await run.Within("the second attempt");
        Assert.Equal((2, 0), (calls, limiter.InUse));
    }

    [Fact]
    public async Task AttemptTimeout_Passes_IsATimeoutAndTriedAgain()
    {
        int calls = 0;
        Task run = TaskGroup.RunAsync(async group => await group.Start("slow", async token =>
        {
            if (++calls == 1) await Forever(token);
        }), Options(Steady with { AttemptTimeout = TimeSpan.FromSeconds(5) }));
        Assert.Equal(TimeSpan.FromSeconds(5), await _time.NextTimer());
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(1), await _time.NextTimer());
        _time.Advance(TimeSpan.FromSeconds(1));
        await run.Within("the second attempt");
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task AttemptTimeout_LastAttempt_FailsAsTimeout()
    {
        Task run = TaskGroup.RunAsync(async group => await group.Start("slow", Forever),
            Options(RetryPolicy.None with { AttemptTimeout = TimeSpan.FromSeconds(5) }));
        _time.Advance(TimeSpan.FromSeconds(5));
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Contains("'slow'", Assert.IsType<TimeoutException>(Assert.Single(failures.InnerExceptions)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AttemptTimeout_PassesButTheAttemptSucceeds_IsASuccess()
    {
        TaskCompletionSource<int> late = new();
        Task<int> run = TaskGroup.RunAsync(async group => await group.Start(_ => late.Task),
            Options(RetryPolicy.None with { AttemptTimeout = TimeSpan.FromSeconds(5) }));
        _time.Advance(TimeSpan.FromSeconds(6));
        late.SetResult(3);
        Assert.Equal(3, await run.Within("the group's end"));
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task AttemptTimeout_GroupIsCancelled_IsCancelledNotTimedOut()
    {
        TaskGroup? seen = null;
        await TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start("own token", Forever);
            _ = group.Start("group's token", async _ => await Forever(group.CancellationToken));
            group.Cancel();
            return Task.CompletedTask;
        }, Options(Steady with { AttemptTimeout = TimeSpan.FromSeconds(5) })).Within("the group's end");
        Assert.All(seen!.Outcomes, outcome => Assert.Equal(OutcomeKind.Cancelled, outcome.Kind));
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task AttemptTimeout_CallbackOnTheTokenThrows_IsAttachedToTheChild()
    {
        Task run = TaskGroup.RunAsync(async group => await group.Start("c", async token =>
        {
            using CancellationTokenRegistration _ = token.Register(() => throw new IOException("callback"));
            await Forever(token);
        }), Options(RetryPolicy.None with { AttemptTimeout = TimeSpan.FromSeconds(5) }));
        _time.Advance(TimeSpan.FromSeconds(5));
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Equal([typeof(TimeoutException), typeof(IOException)], failures.Leaves.Select(leaf => leaf.Exception.GetType()));
    }

    [Theory]
    [InlineData(50)]
    [InlineData(10_675_199)]
    public async Task AttemptTimeout_LongerThanThePlatformsTimers_IsNoError(int days)
    {
        foreach (TimeProvider time in new[] { TimeProvider.System, _time })
        {
            Assert.Equal(1, await TaskGroup.RunAsync(async group => await group.Start(_ => Task.FromResult(1)),
                new() { TimeProvider = time, Retry = RetryPolicy.None with { AttemptTimeout = TimeSpan.FromDays(days) } }).Within("the group's end"));
        }
    }

    [Fact]
    public async Task Delays_AtTheEndOfTheRange_AreCapped()
    {
        RetryPolicy policy = new() { InitialDelay = TimeSpan.MaxValue, MaxDelay = TimeSpan.MaxValue, BackoffCoefficient = double.MaxValue, Jitter = 0 };
        foreach (TimeProvider time in new[] { TimeProvider.System, _time })
        {
            await TaskGroup.RunAsync(group =>
            {
                _ = group.Start(_ => throw new IOException("bad"));
                group.Cancel();
                return Task.CompletedTask;
            }, new() { TimeProvider = time, Retry = policy }).Within("the group's end");
        }

        Assert.Equal(TimeSpan.FromDays(40), await _time.NextTimer());
    }

    private async Task<int> Attempts(RetryPolicy policy, Func<Exception> error) => await Attempts(policy, () => [error()]);

    private async Task<int> Attempts(RetryPolicy policy, Func<Exception[]> errors)
    {
        Outcome? outcome = null;
        await TaskGroup.RunAsync(async group => outcome = await group.Start(_ =>
        {
            TaskCompletionSource failed = new();
            failed.SetException(errors());
            return failed.Task;
        }).OutcomeAsync(), Options(policy) with { Policy = GroupPolicy.Settle }).Within("the attempts");
        return outcome!.Attempts;
    }

    private TaskGroupOptions Options(RetryPolicy policy) => new() { TimeProvider = _time, Retry = policy };

    private sealed class CodedException<T> : Exception;
}
