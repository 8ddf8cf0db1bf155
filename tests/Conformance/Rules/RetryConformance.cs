namespace Sheaf.Conformance;

/// <summary>R12: attempts, backoff, and what is worth a retry.</summary>
[Needs(Capabilities.None)]
public abstract class RetryConformance<THost> : RuleTests<THost>
    where THost : PlanHost, new()
{
    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_FailsTwice_SucceedsInTheThirdAttemptAfterGrowingWaits()
    {
        PlanRun run = Begin(new("g", new Start("a", new FailUntil(3, Bad())) { Retry = new(3) }, new Await("a")));
        await PassAsync(Seconds(1));
        await Stage.ReachedAsync("a:started#2");
        await PassAsync(Seconds(2));
        PlanEnd end = await run.EndAsync();
        Assert.Equal("ok", end.Returned);
        Assert.Equal(3, end.OutcomeOf("g", "a").Attempts);
        Assert.Equal(3, Stage.CountOf("a:started"));
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_BackoffIsNotOver_TheNextAttemptWaits()
    {
        PlanRun run = Begin(new("g", new Start("a", new FailUntil(2, Bad())) { Retry = new(2) }, new Await("a")));
        await Stage.GuardAsync(Host.Time.TimerStarted(Seconds(1)), "the backoff's timer");
        Host.Time.Advance(Seconds(0.999));
        Assert.Equal(1, Stage.CountOf("a:started"));
        Assert.False(run.HasEnded);
        Host.Time.Advance(Seconds(0.001));
        Assert.Equal("ok", (await run.EndAsync()).Returned);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_NoAttemptIsLeft_FailsWithTheLastFailure()
    {
        PlanRun run = Begin(new("g", new Start("a", new FailUntil(99, Bad())) { Retry = new(2) }, new Start("b", new WaitForCancel()), new Await("a")));
        await PassAsync(Seconds(1));
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal((OutcomeKind.Failed, 2), (end.KindOf("g", "a"), end.OutcomeOf("g", "a").Attempts));
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_OfTheGroup_HoldsForItsChildren()
    {
        PlanRun run = Begin(new("g", new Start("a", new FailUntil(2, Bad())), new Start("b", new FailUntil(2, Bad())) { Retry = new(1) }, new Await("a")) { Retry = new(2), Policy = GroupPolicy.CollectAll });
        await PassAsync(Seconds(1));
        PlanEnd end = await run.EndAsync();
        Assert.Equal((OutcomeKind.Succeeded, 2), (end.KindOf("g", "a"), end.OutcomeOf("g", "a").Attempts));
        Assert.Equal((OutcomeKind.Failed, 1), (end.KindOf("g", "b"), end.OutcomeOf("g", "b").Attempts));
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_AnotherTypeFails_IsNotRetried()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad())) { Retry = new(5) { On = ["System.IO.IOException"] } }, new Await("a")));
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal(1, end.OutcomeOf("g", "a").Attempts);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_ABaseTypeIsNamed_IsRetried()
    {
        PlanRun run = Begin(new("g", new Start("a", new FailUntil(2, new(ErrorType.User, "mine"))) { Retry = new(2) { On = [typeof(UserException).FullName!] } }, new Await("a")));
        await PassAsync(Seconds(1));
        Assert.Equal("ok", (await run.EndAsync()).Returned);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_SeveralExceptionsAndOneDoesNotQualify_IsNotRetried()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new FailMany(Bad(), new(ErrorType.Io, "disk"))) { Retry = new(5) { On = ["System.IO.IOException"] } }, new Await("a")));
        Assert.Equal(2, end.Failures.LeafCount);
        Assert.Equal(1, end.OutcomeOf("g", "a").Attempts);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_SeveralExceptionsAndAllQualify_IsRetried()
    {
        PlanRun run = Begin(new("g", new Start("a", new FailMany(Bad(), new(ErrorType.Io, "disk"))) { Retry = new(2) { On = ["System.IO.IOException", "System.FormatException"] } }, new Await("a")));
        await PassAsync(Seconds(1));
        PlanEnd end = await run.EndAsync();
        Assert.Equal(2, end.Failures.LeafCount);
        Assert.Equal(2, end.OutcomeOf("g", "a").Attempts);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_CancelledInBackoff_IsCancelledWithTheLastFailure()
    {
        PlanRun run = Begin(new("g",
            new Start("a", new FailUntil(99, Bad("flaky"))) { Retry = new(5) },
            new Start("b", new AtGate("fail", new Fail(Bad("hard")))),
            new Await("a")));
        await Stage.GuardAsync(Host.Time.TimerStarted(Seconds(1)), "the backoff's timer");
        Stage.Open("fail");
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["hard"], end.Messages);
        Outcome a = end.OutcomeOf("g", "a");
        Assert.Equal((OutcomeKind.Cancelled, 1, "flaky"), (a.Kind, a.Attempts, a.Exception?.Message));
        Assert.Equal(1, Stage.CountOf("a:started"));
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Retry_GroupIsCancelledBeforeTheFailure_IsNotRetried()
    {
        PlanEnd end = await RunAsync(new("g",
            new Start("a", new WaitForCancel(new Fail(Bad("cleanup")))) { Retry = new(5) },
            new Start("b", new Fail(Bad("first"))),
            new Await("a")));
        Assert.Equal(["first", "cleanup"], end.Messages);
        Assert.Equal(1, end.OutcomeOf("g", "a").Attempts);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task AttemptTimeout_OfTheOnlyAttempt_IsATimeout()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel()) { Retry = new(1) { AttemptTimeout = Seconds(5) } }, new Await("a")));
        await Stage.ReachedAsync("a:started");
        await PassAsync(Seconds(5));
        PlanEnd end = await run.EndAsync();
        Assert.IsType<TimeoutException>(Assert.Single(end.Failures.Leaves).Exception);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task AttemptTimeout_OfTheFirstAttempt_IsRetried()
    {
        PlanRun run = Begin(new("g", new Start("a", new AtGate("open")) { Retry = new(2) { AttemptTimeout = Seconds(5) } }, new Await("a")));
        await Stage.ReachedAsync("a:started");
        await PassAsync(Seconds(5));
        await PassAsync(Seconds(1));
        await Stage.ReachedAsync("a:started#2");
        Stage.Open("open");
        PlanEnd end = await run.EndAsync();
        Assert.Equal("ok", end.Returned);
        Assert.Equal(2, end.OutcomeOf("g", "a").Attempts);
    }
}
