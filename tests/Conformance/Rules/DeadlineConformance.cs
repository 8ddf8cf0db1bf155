namespace Sheaf.Conformance;

/// <summary>R7: deadlines, and the time to move on after.</summary>
[Needs(Capabilities.None)]
public abstract class DeadlineConformance<THost> : RuleTests<THost>
    where THost : PlanHost, new()
{
    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_NothingFailed_Throws()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel()), new Await("a")) { Deadline = Seconds(10) });
        await Stage.ReachedAsync("a:started");
        await PassAsync(Seconds(10));
        PlanEnd end = await run.EndAsync();
        Assert.IsType<DeadlineExceededException>(end.Thrown);
        Assert.Equal((CancellationCauseKind.DeadlineExceeded, "g"), (Stage.Causes["a"].Kind, Stage.Causes["a"].By));
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "a"));
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_ChildFailsMeanwhile_IsAmongTheFailures()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel(new Fail(Bad("cleanup")))), new Await("a")) { Deadline = Seconds(10) });
        await Stage.ReachedAsync("a:started");
        await PassAsync(Seconds(10));
        ExceptionGroup failures = (await run.EndAsync()).Failures;
        Assert.Equal([typeof(FormatException), typeof(DeadlineExceededException)], failures.Leaves.Select(leaf => leaf.Exception.GetType()));
        Assert.Equal(CancellationCauseKind.DeadlineExceeded, failures.Cause!.Kind);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_AllSucceedAllTheSame_ReturnsTheResult()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel(new Succeed("saved"))), new Await("a")) { Deadline = Seconds(10) });
        await Stage.ReachedAsync("a:started");
        await PassAsync(Seconds(10));
        Assert.Equal("saved", (await run.EndAsync()).Returned);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_NotReached_ChangesNothing()
    {
        PlanRun run = Begin(new("g", new Start("a", new AtGate("open", new Succeed("1"))), new Await("a")) { Deadline = Seconds(10) });
        await Stage.ReachedAsync("a:started");
        Host.Time.Advance(Seconds(9.999));
        Stage.Open("open");
        Assert.Equal("1", (await run.EndAsync()).Returned);
        Host.Time.Advance(Seconds(10));
        Assert.Equal(0, Stage.CountOf("a:cancelled"));
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_Zero_ThrowsAndRunsNothing()
    {
        PlanEnd end = await RunAsync(new("g", new Note("body")) { Deadline = TimeSpan.Zero });
        Assert.IsType<DeadlineExceededException>(end.Thrown);
        Assert.Empty(Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_OfTheOuterGroup_CancelsTheNestedOne()
    {
        PlanRun run = Begin(new("g",
            new Nest(new("n", new Start("a", new WaitForCancel()), new Await("a")) { Deadline = Seconds(20) }),
            new Await("n")) { Deadline = Seconds(10) });
        await Stage.ReachedAsync("a:started");
        await PassAsync(Seconds(10));
        Assert.IsType<DeadlineExceededException>((await run.EndAsync()).Thrown);
        CancellationCause cause = Stage.Causes["a"];
        Assert.Equal((CancellationCauseKind.ParentCancelled, CancellationCauseKind.DeadlineExceeded, "g"), (cause.Kind, cause.Root.Kind, cause.Root.By));
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_OfTheNestedGroup_IsItsFailureAlone()
    {
        PlanRun run = Begin(new("g",
            new Nest(new("n", new Start("a", new WaitForCancel()), new Await("a")) { Deadline = Seconds(10) }),
            new TryAwait("n"),
            new Return("v")) { Deadline = Seconds(20) });
        await Stage.ReachedAsync("a:started");
        await PassAsync(Seconds(10));
        Assert.Equal("v", (await run.EndAsync()).Returned);
        Assert.Contains("caught:n:DeadlineExceededException", Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task MoveOnAfter_GroupWithoutValue_EndsCleanly()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel()), new Start("b", new Succeed()), new Await("a")) { MoveOnAfter = Seconds(10), Valued = false });
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("b:ended");
        await PassAsync(Seconds(10));
        PlanEnd end = await run.EndAsync();
        Assert.Equal("", end.Returned);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "a"));
        Assert.Equal(CancellationCauseKind.DeadlineExceeded, Stage.Causes["a"].Kind);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task MoveOnAfter_BodyWithAValueInterrupted_ThrowsGroupCancelled()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel()), new Await("a")) { MoveOnAfter = Seconds(10) });
        await Stage.ReachedAsync("a:started");
        await PassAsync(Seconds(10));
        Assert.Equal(CancellationCauseKind.DeadlineExceeded, Assert.IsType<GroupCancelledException>((await run.EndAsync()).Thrown).Cause.Kind);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task MoveOnAfter_Zero_EndsCleanlyAndRunsNothing()
    {
        PlanEnd end = await RunAsync(new("g", new Note("body")) { MoveOnAfter = TimeSpan.Zero, Valued = false });
        Assert.Equal("", end.Returned);
        Assert.Empty(Stage.Events);
    }
}
