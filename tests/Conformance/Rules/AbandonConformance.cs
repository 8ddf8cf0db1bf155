namespace Sheaf.Conformance;

/// <summary>R9: a child that ignores cancellation need not hang the group.</summary>
[Needs(Capabilities.CanAbandon)]
public abstract class AbandonConformance<THost> : RuleTests<THost>
    where THost : PlanHost, new()
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(7);

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "R3")]
    public async Task Cancelled_ChildIgnoresIt_IsAFailureAfterGrace()
    {
        PlanRun run = Begin(new("g", new Start("a", Ignoring()), new Start("b", new AtGate("b", new Fail(Bad()))), new Await("a")) { GracePeriod = Grace });
        await BothStartedAsync("a", "b");
        Stage.Open("b");
        await PassAsync(Grace);
        PlanEnd end = await run.EndAsync(stillRunning: 1);
        Assert.Equal(["bad", $"Child 'a' was cancelled, had not ended {Grace} later, and was given up: it ignores its token."], end.Messages);
        Assert.IsType<ChildAbandonedException>(end.Failures.Leaves.Last().Exception);
        Assert.IsType<ChildAbandonedException>(end.CallersFailures.Leaves.Last().Exception);
        Assert.Equal("a", end.Failures.Leaves.Last().Origins[0].ToString());
        Outcome outcome = end.OutcomeOf("g", "a");
        Assert.Equal(OutcomeKind.Abandoned, outcome.Kind);
        Assert.Equal(1, outcome.Attempts);
    }

    [Fact]
    [Trait("Rule", "R9")]
    public async Task Cancelled_ChildEndsWithinGrace_IsNotAbandoned()
    {
        PlanRun run = Begin(new("g", new Start("a", Ignoring()), new Start("b", new AtGate("b", new Fail(Bad()))), new Await("b")) { GracePeriod = Grace });
        await BothStartedAsync("a", "b");
        Stage.Open("b");
        await Stage.GuardAsync(Host.Time.TimerStarted(Grace), "the beginning of grace");
        Host.Time.Advance(Grace - Seconds(1));
        Stage.Open("a");
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal(OutcomeKind.Succeeded, end.KindOf("g", "a"));
    }

    [Fact]
    [Trait("Rule", "R9")]
    public async Task Abandoned_ChildFailsLater_ChangesNothing()
    {
        PlanRun run = Begin(new("g",
            new Nest(new("n", new Start("a", Ignoring(new Fail(Bad("late")))), new Start("b", new AtGate("b", new Fail(Bad()))), new Await("b")) { GracePeriod = Grace }),
            new TryAwait("n"),
            new Note("n ended"),
            new Start("c", new AtGate("c", new Succeed("done"))),
            new Await("c")));
        await BothStartedAsync("a", "b");
        Stage.Open("b");
        await PassAsync(Grace);
        await Stage.ReachedAsync("n ended");
        Stage.Open("a");
        await Stage.ReachedAsync("a:ended");
        Stage.Open("c");
        PlanEnd end = await run.EndAsync();
        Assert.Equal("done", end.Returned);
        Assert.Equal(OutcomeKind.Abandoned, end.KindOf("n", "a"));
        Assert.IsType<ChildAbandonedException>(end.OutcomeOf("n", "a").Exception);
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "R16")]
    public async Task Abandoned_ChildIsIsolatedAndAskedFor_IsItsAwaitersAffair()
    {
        PlanRun run = Begin(new("g", new Start("a", Ignoring()) { Isolated = true }, new Start("go", new AtGate("go")), new Await("go"), new Cancel("enough"), new Look("a"), new Return("v")) { GracePeriod = Grace });
        await BothStartedAsync("a", "go");
        Stage.Open("go");
        await PassAsync(Grace);
        PlanEnd end = await run.EndAsync(stillRunning: 1);
        Assert.Equal("v", end.Returned);
        Assert.Equal(OutcomeKind.Abandoned, Stage.Seen["a"].Kind);
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "R10")]
    public async Task Abandoned_UnderSettle_IsAnOutcomeOnly()
    {
        PlanRun run = Begin(new("g", new Start("a", Ignoring()), new Start("go", new AtGate("go")), new Await("go"), new Cancel("enough"), new Return("v")) { GracePeriod = Grace, Policy = GroupPolicy.Settle });
        await BothStartedAsync("a", "go");
        Stage.Open("go");
        await PassAsync(Grace);
        PlanEnd end = await run.EndAsync(stillRunning: 1);
        Assert.Equal("v", end.Returned);
        Assert.Equal(OutcomeKind.Abandoned, end.KindOf("g", "a"));
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "R5")]
    public async Task Outside_ChildIsAbandoned_ThrowsTheFailureWithTheCause()
    {
        using CancellationTokenSource outside = new();
        PlanRun run = Begin(new("g", new Start("a", Ignoring()), new Await("a")) { GracePeriod = Grace }, outside.Token);
        await Stage.ReachedAsync("a:started");
        await outside.CancelAsync();
        await PassAsync(Grace);
        PlanEnd end = await run.EndAsync(stillRunning: 1);
        Assert.IsType<ChildAbandonedException>(Assert.Single(end.CallersFailures.Leaves).Exception);
        Assert.Equal(CancellationCauseKind.Requested, end.CallersFailures.Cause!.Root.Kind);
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "R7")]
    public async Task Deadline_ChildIsAbandoned_BothAreFailures()
    {
        PlanRun run = Begin(new("g", new Start("a", Ignoring()), new Await("a")) { GracePeriod = Grace, Deadline = Seconds(60) });
        await Stage.ReachedAsync("a:started");
        await PassAsync(Seconds(60));
        await PassAsync(Grace);
        PlanEnd end = await run.EndAsync(stillRunning: 1);
        Assert.Equal([typeof(ChildAbandonedException), typeof(DeadlineExceededException)], end.Failures.Leaves.Select(leaf => leaf.Exception.GetType()));
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "R8")]
    public async Task Shield_HoldsCancellationBack_GraceCountsFromItsEnd()
    {
        PlanRun run = Begin(new("g",
            new Nest(new("n", new Start("a", Ignoring()), new Await("a")) { GracePeriod = Grace, Shield = Seconds(20) }),
            new Start("go", new AtGate("go")),
            new Await("go"),
            new Cancel("enough"),
            new Await("n")));
        await BothStartedAsync("a", "go");
        Stage.Open("go");
        await PassAsync(Seconds(20));
        await PassAsync(Grace);
        PlanEnd end = await run.EndAsync(stillRunning: 1);
        Outcome outcome = end.OutcomeOf("n", "a");
        Assert.Equal(OutcomeKind.Abandoned, outcome.Kind);
        Assert.Equal(Seconds(20) + Grace, outcome.EndedAt - outcome.StartedAt);
    }

    /// <summary>Waits at the gate of its child, whatever its token says.</summary>
    private static AtGate Ignoring(Act? then = null) => new("a", then, IgnoresCancel: true);

    private async Task BothStartedAsync(string one, string other)
    {
        await Stage.ReachedAsync($"{one}:started");
        await Stage.ReachedAsync($"{other}:started");
    }
}
