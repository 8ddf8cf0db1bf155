namespace Sheaf.Conformance;

/// <summary>R10, R11: policies, outcomes, and the window.</summary>
[Needs(Capabilities.None)]
public abstract class PolicyConformance<THost> : RuleTests<THost>
    where THost : PlanHost, new()
{
    [Fact]
    [Trait("Rule", "R10")]
    public async Task CollectAll_OneFails_TheOthersGoOnAndAllFailuresAreThrown()
    {
        PlanRun run = Begin(new("g",
            new Start("a", new Fail(Bad("one"))),
            new Start("b", new AtGate("open", new Fail(Bad("two")))),
            new Start("c", new AtGate("open")),
            new Look("a"),
            new Note("a was seen"),
            new Await("c")) { Policy = GroupPolicy.CollectAll });
        await Stage.ReachedAsync("a was seen");
        Stage.Open("open");
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["one", "two"], end.Messages);
        Assert.Null(end.Failures.Cause);
        Assert.Equal((OutcomeKind.Failed, OutcomeKind.Failed, OutcomeKind.Succeeded), (end.KindOf("g", "a"), end.KindOf("g", "b"), end.KindOf("g", "c")));
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task Settle_SomeFail_ReturnsTheValueAndTheOutcomesHaveTheFailures()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad("one"))), new Start("b", new Succeed("2")), new Await("b")) { Policy = GroupPolicy.Settle });
        Assert.Equal("2", end.Returned);
        Assert.Equal((OutcomeKind.Failed, "one"), (end.KindOf("g", "a"), end.OutcomeOf("g", "a").Exception!.Message));
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task Settle_BodyFails_ThrowsIt()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad("one"))), new Look("a"), new Throw(Bad("body"))) { Policy = GroupPolicy.Settle });
        Assert.Equal(["body"], end.Messages);
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task Settle_BodyLetsAFailureThrough_ThrowsItAsTheChilds()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(Bad("one"))), new Await("a")) { Policy = GroupPolicy.Settle });
        Assert.Equal("a", Assert.Single(Assert.Single(end.Failures.Leaves).Origins).ToString());
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task CollectAll_BodyFails_TheChildrenGoOn()
    {
        PlanRun run = Begin(new("g", new Start("a", new AtGate("open")), new Note("throws"), new Throw(Bad("body"))) { Policy = GroupPolicy.CollectAll });
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("throws");
        Stage.Open("open");
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["body"], end.Messages);
        Assert.Equal(OutcomeKind.Succeeded, end.KindOf("g", "a"));
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task Outcomes_OfAFailedGroup_HaveEveryChild()
    {
        PlanEnd end = await RunAsync(new("g",
            new Start("ok", new Succeed()),
            new Await("ok"),
            // Behind a gate: a local child that fails at once cancels the group while the body still starts others.
            new Start("fails", new AtGate("fail", new Fail(Bad()))),
            new Start("waits", new WaitForCancel()),
            new Start("queued", new Succeed()),
            new Open("fail"),
            new Await("queued")) { MaxConcurrency = 2 });
        Assert.Equal(["ok", "fails", "waits", "queued"], Stage.Outcomes["g"].Select(outcome => outcome.Name));
        Assert.Equal([0, 1, 2, 3], Stage.Outcomes["g"].Select(outcome => outcome.Ordinal));
        Assert.Equal(OutcomeKind.Succeeded, end.KindOf("g", "ok"));
        Assert.Equal(OutcomeKind.Failed, end.KindOf("g", "fails"));
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "waits"));
        Assert.Equal("bad", end.OutcomeOf("g", "fails").Exception!.Message);
        Assert.All(Stage.Outcomes["g"], outcome => Assert.Equal(outcome.Kind == OutcomeKind.NotStarted, outcome.StartedAt is null));
        Assert.All(Stage.Outcomes["g"], outcome => Assert.Equal(outcome.Kind == OutcomeKind.NotStarted ? 0 : 1, outcome.Attempts));
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task Window_OfOne_RunsTheChildrenInOrder()
    {
        PlanEnd end = await RunAsync(new("g",
            new Start("a", new AtGate("open", new Succeed("1"))),
            new Start("b", new Succeed("2")),
            new Start("c", new Succeed("3")),
            new Open("open"),
            new Await("a"),
            new Await("b"),
            new Await("c")) { MaxConcurrency = 1 });
        Assert.Equal("1,2,3", end.Returned);
        Assert.Equal(["a:started", "a:ended", "b:started", "b:ended", "c:started", "c:ended"], Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task Window_APlaceIsFree_TheNextBegins()
    {
        PlanRun run = Begin(new("g",
            new Start("a", new AtGate("a")),
            new Start("b", new AtGate("b")),
            new Start("c", new AtGate("c")),
            new Start("d", new AtGate("d"))) { MaxConcurrency = 2 });
        await Stage.ReachedAsync("b:started");
        await Stage.ReachedAsync("a:started");
        Assert.Equal(2, Stage.Running);
        Stage.Open("b");
        await Stage.ReachedAsync("c:started");
        Assert.Equal(2, Stage.Running);
        Assert.DoesNotContain("d:started", Stage.Events);
        foreach (string gate in (string[])["a", "c", "d"]) Stage.Open(gate);
        await run.EndAsync();
        Assert.Equal(1, Stage.CountOf("d:ended"));
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task Window_GroupIsCancelled_TheWaitingAreNotStarted()
    {
        PlanRun run = Begin(new("g",
            new Start("a", new WaitForCancel()),
            new Start("b", new Succeed()),
            new Start("c", new Succeed()),
            new Cancel("enough"),
            new TryAwait("b")) { MaxConcurrency = 1, Valued = false });
        PlanEnd end = await run.EndAsync();
        Assert.Equal("", end.Returned);
        Assert.Equal((OutcomeKind.Cancelled, OutcomeKind.NotStarted, OutcomeKind.NotStarted), (end.KindOf("g", "a"), end.KindOf("g", "b"), end.KindOf("g", "c")));
        Assert.Equal((0, null), (end.OutcomeOf("g", "b").Attempts, end.OutcomeOf("g", "b").StartedAt));
        Assert.Equal(0, Stage.CountOf("b:started"));
        Assert.Contains("caught:b:OperationCanceledException", Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task Window_OfOne_ANestedGroupTakesNoPlace()
    {
        PlanEnd end = await RunAsync(new("g",
            new Nest(new("n", new Start("a", new Succeed("inner")), new Await("a"))),
            new Start("b", new Succeed("outer")),
            new Await("n"),
            new Await("b")) { MaxConcurrency = 1 });
        Assert.Equal("inner,outer", end.Returned);
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task Window_AThousandChildren_NeverMoreThanFitAndAllRun()
    {
        PlanEnd end = await RunAsync(new("g", new StartMany("c", 1000, new Succeed())) { MaxConcurrency = 7 });
        Assert.Equal("", end.Returned);
        int running = 0, most = 0;
        foreach (string seen in Stage.Events)
        {
            running += seen.EndsWith(":started", StringComparison.Ordinal) ? 1 : -1;
            most = Math.Max(most, running);
        }

        Assert.InRange(most, 1, 7);
        Assert.Equal(1000, Stage.Outcomes["g"].Count(outcome => outcome.IsSuccess));
    }
}
