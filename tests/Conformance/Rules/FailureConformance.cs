namespace Sheaf.Conformance;

/// <summary>R3, R4, R16: what fails, in which order, and that awaiting handles nothing.</summary>
[Needs(Capabilities.None)]
public abstract class FailureConformance<THost> : RuleTests<THost>
    where THost : PlanHost, new()
{
    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_OneFails_CancelsTheOthersAndInterruptsTheBody()
    {
        PlanEnd end = await RunAsync(new("g",
            new Start("a", new WaitForCancel()),
            new Start("b", new WaitForCancel()),
            new Start("fails", new Fail(Bad())),
            new Await("a"),
            new Note("not reached")));
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal("g", end.Failures.Title);
        Assert.Equal((OutcomeKind.Cancelled, OutcomeKind.Cancelled, OutcomeKind.Failed), (end.KindOf("g", "a"), end.KindOf("g", "b"), end.KindOf("g", "fails")));
        Assert.DoesNotContain("not reached", Stage.Events);
        Assert.Equal((1, 1), (Stage.CountOf("a:cancelled"), Stage.CountOf("b:cancelled")));
    }

    [Fact]
    [Trait("Rule", "R3")]
    [Trait("Rule", "C1")]
    public async Task Run_OneFails_TheOthersReadTheCauseAndTheFailuresCarryIt()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new WaitForCancel()), new Start("fails", new Fail(Bad()))));
        CancellationCause cause = Stage.Causes["a"];
        Assert.Equal((CancellationCauseKind.SiblingFailed, "fails"), (cause.Kind, cause.By));
        Assert.Equal(cause, end.Failures.Cause);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_SeveralFail_ThrowsAllInOrderTheBodysLast()
    {
        // The body opens the next gate once it has seen the failure before: the order is the test's, not chance's.
        PlanEnd end = await RunAsync(new("g",
            new Start("a", new AtGate("a", new Fail(Bad("second")), IgnoresCancel: true)),
            new Start("b", new AtGate("b", new Fail(Bad("third")), IgnoresCancel: true)),
            new Start("c", new Fail(Bad("first"))),
            new Look("c"),
            new Open("a"),
            new Look("a"),
            new Open("b"),
            new Look("b"),
            new Throw(new(ErrorType.Io, "body"))));
        Assert.Equal(["first", "second", "third", "body"], end.Messages);
        Assert.Equal(4, end.Failures.LeafCount);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_BodyFailsBeforeAChild_TheBodysIsStillLast()
    {
        PlanRun run = Begin(new("g",
            new Start("a", new AtGate("open", new Fail(Bad("child")), IgnoresCancel: true)),
            new Note("throws"),
            new Throw(new(ErrorType.Io, "body"))));
        await Stage.ReachedAsync("a:cancelled");
        Stage.Open("open");
        Assert.Equal(["child", "body"], (await run.EndAsync()).Messages);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_BodyFails_CancelsTheChildren()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new WaitForCancel()), new Throw(Bad("body"))));
        Assert.Equal(["body"], end.Messages);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "a"));
        Assert.Equal(CancellationCauseKind.SiblingFailed, end.Failures.Cause!.Kind);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_OnlyTheBodyFails_ThrowsAGroupOfOne()
    {
        PlanEnd end = await RunAsync(new("g", new Throw(Bad("body"))));
        Assert.IsType<FormatException>(Assert.Single(end.Failures.InnerExceptions));
        Assert.Equal("g", end.Failures.Title);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_BodyLetsAChildsFailureThrough_ItAppearsOnceAsTheChilds()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad())) { Isolated = true }, new Await("a")));
        FailureLeaf leaf = Assert.Single(end.Failures.Leaves);
        Assert.Equal("a", Assert.Single(leaf.Origins).ToString());
    }

    [Fact]
    [Trait("Rule", "R3")]
    [Trait("Rule", "E4")]
    public async Task Run_BodyLetsThroughAFailureThatCounts_ItHasOneOrigin()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad())), new Await("a")));
        FailureLeaf leaf = Assert.Single(end.Failures.Leaves);
        Assert.Equal("a", Assert.Single(leaf.Origins).ToString());
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_BodyAwaitsAllAtOnce_EachFailureAppearsOnce()
    {
        PlanEnd end = await RunAsync(new("g",
            new Start("a", new Fail(Bad("one"))),
            new Start("b", new Fail(Bad("two"))),
            new AwaitAll("a", "b")) { Policy = GroupPolicy.CollectAll });
        Assert.Equal(["one", "two"], end.Messages.Order());
        Assert.Equal(2, end.Failures.LeafCount);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_ChildHasSeveralExceptions_ContributesAll()
    {
        PlanEnd end = await RunAsync(new("g", new Start("all", new FailMany(Bad("one"), new(ErrorType.Io, "two")))));
        Assert.Equal(["one", "two"], end.Messages);
        Assert.All(end.Failures.Leaves, leaf => Assert.Equal("all", Assert.Single(leaf.Origins).ToString()));
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task Run_ChildThrowsCancellationThatNobodyAskedFor_IsAFailure()
    {
        // Behind a gate: a local child that fails at once cancels the group while the body still starts the other.
        PlanEnd end = await RunAsync(new("g", new Start("a", new AtGate("open", new CancelUnasked())), new Start("b", new WaitForCancel()), new Open("open"), new Await("b")));
        Assert.IsAssignableFrom<OperationCanceledException>(Assert.Single(end.Failures.Leaves).Exception);
        Assert.Equal((OutcomeKind.Failed, OutcomeKind.Cancelled), (end.KindOf("g", "a"), end.KindOf("g", "b")));
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task Run_BodyLetsUnaskedCancellationThrough_IsAFailure()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new CancelUnasked()) { Isolated = true }, new Await("a")));
        Assert.IsAssignableFrom<OperationCanceledException>(Assert.Single(end.Failures.Leaves).Exception);
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task Run_CancelledChildThrowsSomethingElse_IsAFailure()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new WaitForCancel(new Fail(Bad("cleanup")))), new Start("b", new Fail(Bad("first")))));
        Assert.Equal(["first", "cleanup"], end.Messages);
        Assert.Equal(OutcomeKind.Failed, end.KindOf("g", "a"));
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task Run_CancelledChildReturns_HasSucceeded()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new WaitForCancel(new Succeed("saved"))), new Start("b", new Fail(Bad()))));
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal(OutcomeKind.Succeeded, end.KindOf("g", "a"));
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Await_InATryWithACatch_DoesNotHandle()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad())), new TryAwait("a"), new TryStart("late", "g"), new Return("v")));
        Assert.Equal(["bad"], end.Messages);
        Assert.Contains("caught:a:FormatException", Stage.Events);
        Assert.Contains("refused:late:OperationCanceledException", Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Outcome_InAFailFastGroup_ShowsButDoesNotHandle()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad())), new Look("a"), new Return("v")));
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal((OutcomeKind.Failed, "bad"), (Stage.Seen["a"].Kind, Stage.Seen["a"].Exception!.Message));
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Isolated_Awaited_CancelsNobodyAndDoesNotCount()
    {
        PlanEnd end = await RunAsync(new("g",
            new Start("a", new Fail(Bad())) { Isolated = true },
            new Look("a"),
            new Start("b", new Succeed("fine")),
            new Await("b")));
        Assert.Equal("fine", end.Returned);
        Assert.Equal(OutcomeKind.Failed, end.KindOf("g", "a"));
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Isolated_AwaitedInATryWithACatch_DoesNotCount()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad())) { Isolated = true }, new TryAwait("a"), new Return("v")));
        Assert.Equal("v", end.Returned);
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Isolated_NobodyAwaits_CancelsNobodyButCounts()
    {
        PlanRun run = Begin(new("g",
            new Start("a", new Fail(Bad())) { Isolated = true },
            new Start("b", new AtGate("open", new Succeed("fine"))),
            new Await("b"),
            new Note("b was awaited")));
        await Stage.ReachedAsync("a:ended");
        Stage.Open("open");
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal(OutcomeKind.Succeeded, end.KindOf("g", "b"));
        Assert.Null(end.Failures.Cause);
        Assert.Contains("b was awaited", Stage.Events);
    }
}
