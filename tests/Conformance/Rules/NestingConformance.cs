namespace Sheaf.Conformance;

/// <summary>R8, E4, E6, E7: cancellation goes down, failures come up with their structure and origins.</summary>
[Needs(Capabilities.None)]
public abstract class NestingConformance<THost> : RuleTests<THost>
    where THost : PlanHost, new()
{
    [Fact]
    [Trait("Rule", "R8")]
    public async Task Failure_OfANestedGroup_ComesUpWithItsStructure()
    {
        PlanEnd end = await RunAsync(new("g",
            new Nest(new("n", new Nest(new("deep", new Start("a", new Fail(Bad())))), new Await("deep"))),
            new Await("n")));
        ExceptionGroup nested = Assert.IsType<ExceptionGroup>(Assert.Single(end.Failures.InnerExceptions));
        ExceptionGroup deep = Assert.IsType<ExceptionGroup>(Assert.Single(nested.InnerExceptions));
        Assert.Equal(("g", "n", "deep"), (end.Failures.Title, nested.Title, deep.Title));
        Assert.IsType<FormatException>(Assert.Single(deep.InnerExceptions));
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Cancellation_OfTheOuterGroup_GoesDownWithTheCause()
    {
        PlanEnd end = await RunAsync(new("g",
            new Nest(new("n", new Nest(new("deep", new Start("a", new WaitForCancel()), new Await("a"))), new Await("deep"))),
            new Start("fails", new AtGate("fail", new Fail(Bad()))),
            new Open("fail"),
            new Await("n")));
        Assert.Equal(["bad"], end.Messages);
        // Whether the nested groups had begun is a race that the rule does not decide; nothing of them runs, and none succeeded.
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "n"));
    }

    [Fact]
    [Trait("Rule", "R8")]
    [Trait("Rule", "C1")]
    public async Task Cancellation_OfARunningNestedGroup_HasTheOutersCauseAsParent()
    {
        PlanRun run = Begin(new("g",
            new Nest(new("n", new Nest(new("deep", new Start("a", new WaitForCancel()), new Await("a"))), new Await("deep"))),
            new Start("fails", new AtGate("fail", new Fail(Bad()))),
            new Await("n")));
        await Stage.ReachedAsync("a:started");
        Stage.Open("fail");
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["bad"], end.Messages);
        CancellationCause cause = Stage.Causes["a"];
        Assert.Equal((CancellationCauseKind.ParentCancelled, CancellationCauseKind.ParentCancelled), (cause.Kind, cause.Parent!.Kind));
        Assert.Equal((CancellationCauseKind.SiblingFailed, "fails"), (cause.Root.Kind, cause.Root.By));
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("deep", "a"));
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Failure_OfANestedGroupThatIsAwaitedAndCaught_LeavesTheOuterOneAlone()
    {
        PlanEnd end = await RunAsync(new("g", new Nest(new("n", new Start("a", new Fail(Bad())))), new TryAwait("n"), new Start("b", new Succeed("fine")), new Await("b")));
        Assert.Equal("fine", end.Returned);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Failure_OfANestedGroupThatNobodyAwaits_Counts()
    {
        PlanEnd end = await RunAsync(new("g", new Nest(new("n", new Start("a", new Fail(Bad())))), new Return("v")));
        Assert.Equal(["bad"], end.Messages);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Shield_OuterIsCancelled_HoldsItBackUntilTheScopeEnds()
    {
        PlanRun run = Begin(Shielded(new AtGate("open", new Succeed("saved"))));
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("w:started");
        Stage.Open("fail");
        await Stage.ReachedAsync("w:cancelled");
        await Stage.GuardAsync(Host.Time.TimerStarted(Seconds(10)), "the shield's timer");
        Stage.Open("open");
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal((OutcomeKind.Succeeded, OutcomeKind.Succeeded), (end.KindOf("n", "a"), end.KindOf("g", "n")));
        Assert.Equal(0, Stage.CountOf("a:cancelled"));
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Shield_StartsChildrenWhileTheOuterIsCancelled()
    {
        PlanRun run = Begin(Shielded(new AtGate("open"), new Start("more", new Succeed("2")), new Await("more")));
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("w:started");
        Stage.Open("fail");
        await Stage.ReachedAsync("w:cancelled");
        Stage.Open("open");
        Assert.Equal(OutcomeKind.Succeeded, (await run.EndAsync()).KindOf("n", "more"));
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Shield_BoundPasses_CancelsAfterAll()
    {
        PlanRun run = Begin(Shielded(new WaitForCancel()));
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("w:started");
        Stage.Open("fail");
        await Stage.ReachedAsync("w:cancelled");
        await PassAsync(Seconds(10));
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("n", "a"));
        Assert.Equal(CancellationCauseKind.SiblingFailed, Stage.Causes["a"].Root.Kind);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Shield_OwnFailure_IsNotHeldBack()
    {
        PlanEnd end = await RunAsync(new("g",
            new Nest(new("n", new Start("a", new WaitForCancel()), new Start("b", new Fail(Bad())), new Await("a")) { Shield = Seconds(10) }),
            new Await("n")));
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("n", "a"));
    }

    [Fact]
    [Trait("Rule", "E4")]
    public async Task Origins_NameThePathAndTheAttempt()
    {
        PlanRun run = Begin(new("g",
            new Nest(new("n", new Start("a", new FailUntil(99, Bad())) { Retry = new(2) }, new Await("a"))),
            new Await("n")));
        await PassAsync(Seconds(1));
        PlanEnd end = await run.EndAsync();
        FailureOrigin origin = Assert.Single(Assert.Single(end.Failures.Leaves).Origins);
        Assert.Equal(("n/a", 2), (origin.ToString(), origin.Attempt));
        Assert.NotNull(origin.StartedAt);
        Assert.True(origin.EndedAt >= origin.StartedAt);
        FailureOrigin callers = Assert.Single(Assert.Single(end.CallersFailures.Leaves).Origins);
        Assert.Equal(("n/a", 2), (callers.ToString(), callers.Attempt));
    }

    [Fact]
    [Trait("Rule", "E6")]
    public async Task Caller_FrameworkAndRegisteredTypes_ComeBackAsThemselves()
    {
        PlanEnd end = await RunAsync(new("g",
            new Start("a", new Fail(new(ErrorType.Io, "disk"))),
            new Start("b", new Fail(new(ErrorType.Registered, "mine"))),
            new AwaitAll("a", "b")) { Policy = GroupPolicy.CollectAll });
        Assert.Equal(
            ["IOException: disk", "RegisteredException: mine"],
            end.CallersFailures.Leaves.Select(leaf => $"{leaf.Exception.GetType().Name}: {leaf.Exception.Message}").Order());
    }

    [Fact]
    [Trait("Rule", "E6")]
    public async Task Caller_UnregisteredType_IsTakenByItsName()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Fail(new(ErrorType.User, "whose"))), new Start("b", new WaitForCancel())));
        Exception leaf = Assert.Single(end.CallersFailures.Leaves).Exception;
        if (Host.Capabilities.HasFlag(Capabilities.Durable)) Assert.Equal(typeof(UserException).FullName, Assert.IsType<RemoteException>(leaf).RemoteTypeName);
        else Assert.IsType<UserException>(leaf);
        Assert.True(end.CallersFailures.Contains<UserException>());
        Sieve rest = end.CallersFailures.Sift();
        Assert.Equal("whose", Assert.Single(rest.Take<UserException>()!.Leaves).Exception.Message);
        Assert.Null(rest.Rest);
    }

    [Fact]
    [Trait("Rule", "E7")]
    public async Task Failures_TenThousand_AreCountedExactlyAndHeldInPart()
    {
        PlanEnd end = await RunAsync(new("g",
            new StartMany("format", 9_997, new Fail(Bad())),
            new StartMany("io", 3, new Fail(new(ErrorType.Io, "disk")))) { Policy = GroupPolicy.CollectAll });
        foreach (ExceptionGroup failures in (ExceptionGroup[])[end.Failures, end.CallersFailures])
        {
            Assert.Equal(10_000, failures.LeafCount);
            IReadOnlyDictionary<string, int> counts = failures.CountByType();
            Assert.Equal((9_997, 3), (counts["System.FormatException"], counts["System.IO.IOException"]));
            Assert.Equal(100, failures.Leaves.Count(leaf => leaf.Exception is not OmittedFailures));
            Assert.Contains(failures.Leaves, leaf => leaf.Exception is IOException);
        }

        Assert.Equal(10_000, Stage.Outcomes["g"].Count(outcome => outcome.Kind == OutcomeKind.Failed));
    }

    private static GroupPlan Shielded(Act act, params IReadOnlyList<Op> more) => new("g",
        new Nest(new("n", [new Start("a", act), new Await("a"), .. more]) { Shield = Seconds(10) }),
        new Start("w", new WaitForCancel()),
        new Start("fails", new AtGate("fail", new Fail(Bad()))),
        new Await("n"));
}
