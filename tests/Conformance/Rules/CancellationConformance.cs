namespace Sheaf.Conformance;

/// <summary>R5, R6, C1: cancellation by the caller, and by the group itself.</summary>
[Needs(Capabilities.None)]
public abstract class CancellationConformance<THost> : RuleTests<THost>
    where THost : PlanHost, new()
{
    private readonly CancellationTokenSource _outside = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _outside.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Outside_NothingFailed_ThrowsForTheCallersToken()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel()), new Await("a")), _outside.Token);
        await Stage.ReachedAsync("a:started");
        await _outside.CancelAsync();
        PlanEnd end = await run.EndAsync();
        Assert.Equal(_outside.Token, Assert.IsAssignableFrom<OperationCanceledException>(end.Error).CancellationToken);
        Assert.IsAssignableFrom<OperationCanceledException>(end.Thrown);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "a"));
        Assert.Equal(CancellationCauseKind.Requested, Stage.Causes["a"].Root.Kind);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Outside_ChildFailsMeanwhile_ThrowsTheFailuresWithTheCause()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel(new Fail(Bad("cleanup")))), new Await("a")), _outside.Token);
        await Stage.ReachedAsync("a:started");
        await _outside.CancelAsync();
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["cleanup"], end.Messages);
        Assert.Equal(CancellationCauseKind.Requested, end.Failures.Cause!.Root.Kind);
        Assert.Equal(["cleanup"], end.CallersFailures.Leaves.Select(leaf => leaf.Exception.Message));
        Assert.Equal(CancellationCauseKind.Requested, end.CallersFailures.Cause!.Root.Kind);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Outside_AllSucceedAllTheSame_ReturnsTheResult()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel(new Succeed("saved"))), new Await("a")), _outside.Token);
        await Stage.ReachedAsync("a:started");
        await _outside.CancelAsync();
        Assert.Equal("saved", (await run.EndAsync()).Returned);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Outside_BodyReturnedButAChildIsCancelled_Throws()
    {
        PlanRun run = Begin(new("g", new Start("a", new WaitForCancel()), new Return("v")), _outside.Token);
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("g:returned");
        await _outside.CancelAsync();
        Assert.IsAssignableFrom<OperationCanceledException>((await run.EndAsync()).Error);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Outside_BeforeTheBeginning_RunsNothing()
    {
        await _outside.CancelAsync();
        PlanEnd end = await Begin(new("g", new Note("body"), new Return("v")), _outside.Token).EndAsync();
        Assert.Equal(_outside.Token, Assert.IsAssignableFrom<OperationCanceledException>(end.Error).CancellationToken);
        Assert.Empty(Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_BeforeTheFirstChild_GroupWithoutValueEndsCleanly()
    {
        PlanEnd end = await RunAsync(new("g", new Cancel("enough")) { Valued = false });
        Assert.Equal("", end.Returned);
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_BodyInterrupted_GroupWithoutValueEndsCleanly()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new WaitForCancel()), new Cancel("enough"), new Await("a")) { Valued = false });
        Assert.Equal("", end.Returned);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "a"));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_BodyInterrupted_GroupWithAValueThrowsWithOutcomes()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Succeed()), new Await("a"), new Start("b", new WaitForCancel()), new Cancel("enough"), new Await("b")));
        GroupCancelledException cancelled = Assert.IsType<GroupCancelledException>(end.Thrown);
        Assert.Equal((CancellationCauseKind.Requested, "enough"), (cancelled.Cause.Kind, cancelled.Cause.Reason));
        Assert.Equal([OutcomeKind.Succeeded, OutcomeKind.Cancelled], cancelled.Outcomes.Select(outcome => outcome.Kind));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_BodyReturnsAllTheSame_ReturnsItsValue()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new WaitForCancel()), new Cancel(), new Return("v")));
        Assert.Equal("v", end.Returned);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "a"));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_Twice_TheFirstCounts()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new WaitForCancel()), new Cancel("first"), new Cancel("second"), new Await("a")));
        Assert.Equal("first", Assert.IsType<GroupCancelledException>(end.Thrown).Cause.Reason);
        Assert.Equal("first", Stage.Causes["a"].Reason);
        Assert.Equal(1, Stage.CountOf("a:cancelled"));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_FromInsideAChild_InterruptsTheBodysAwait()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new WaitForCancel()), new Start("stops", new CancelGroup("seen enough")), new Await("a"), new Note("not reached")) { Valued = false });
        Assert.Equal("", end.Returned);
        Assert.Equal((OutcomeKind.Cancelled, OutcomeKind.Succeeded), (end.KindOf("g", "a"), end.KindOf("g", "stops")));
        Assert.Equal("seen enough", Stage.Causes["a"].Reason);
        Assert.DoesNotContain("not reached", Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_AChildFailsMeanwhile_TheFailureStillThrows()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new WaitForCancel(new Fail(Bad("cleanup")))), new Cancel("enough"), new Await("a")) { Valued = false });
        Assert.Equal(["cleanup"], end.Messages);
        Assert.Equal((CancellationCauseKind.Requested, "enough"), (end.Failures.Cause!.Kind, end.Failures.Cause.Reason));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_ANestedGroup_LeavesTheOuterOneAlone()
    {
        PlanEnd end = await RunAsync(new("g",
            new Nest(new("n", new Start("a", new WaitForCancel()), new Cancel(), new Await("a")) { Valued = false }),
            new Await("n"),
            new Start("b", new Succeed("fine")),
            new Await("b")));
        Assert.Equal(",fine", end.Returned);
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_AfterTheGroupHadFailed_ChangesNothing()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad())), new Look("a"), new Cancel("too late")));
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal(CancellationCauseKind.SiblingFailed, end.Failures.Cause!.Kind);
    }
}
