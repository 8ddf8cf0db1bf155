namespace Sheaf.Conformance;

/// <summary>R1, R2: a group ends after all its children, and a start is admitted or refused.</summary>
[Needs(Capabilities.None)]
public abstract class GroupConformance<THost> : RuleTests<THost>
    where THost : PlanHost, new()
{
    [Fact]
    [Trait("Rule", "R1")]
    public async Task Run_ChildrenSucceed_ReturnsTheBodysValue()
    {
        PlanEnd end = await RunAsync(new("g", new Start("a", new Succeed("1")), new Start("b", new Succeed("2")), new Await("a"), new Await("b")));
        Assert.Equal("1,2", end.Returned);
        Assert.Equal(["a", "b"], Stage.Outcomes["g"].Select(outcome => outcome.Name));
        Assert.All(Stage.Outcomes["g"], outcome => Assert.Equal((OutcomeKind.Succeeded, 1), (outcome.Kind, outcome.Attempts)));
    }

    [Fact]
    [Trait("Rule", "R1")]
    public async Task Run_NoChildren_ReturnsTheBodysValue() => Assert.Equal("v", (await RunAsync(new("g", new Return("v")))).Returned);

    [Fact]
    [Trait("Rule", "R1")]
    public async Task Run_BodyReturnsFirst_WaitsForTheChild()
    {
        PlanRun run = Begin(new("g", new Start("a", new AtGate("open")), new Return("v")));
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("g:returned");
        Assert.False(run.HasEnded);
        Stage.Open("open");
        Assert.Equal("v", (await run.EndAsync()).Returned);
    }

    [Fact]
    [Trait("Rule", "R1")]
    public async Task Run_ChildIgnoresCancellation_WaitsForIt()
    {
        PlanRun run = Begin(new("g",
            new Start("stubborn", new AtGate("open", IgnoresCancel: true)),
            new Start("fails", new AtGate("fail", new Fail(Bad()))),
            new Await("fails")));
        await Stage.ReachedAsync("stubborn:started");
        Stage.Open("fail");
        await Stage.ReachedAsync("stubborn:cancelled");
        Assert.False(run.HasEnded);
        Stage.Open("open");
        PlanEnd end = await run.EndAsync();
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal(OutcomeKind.Succeeded, end.KindOf("g", "stubborn"));
    }

    [Fact]
    [Trait("Rule", "R1")]
    public async Task Run_NestedGroupNotAwaited_WaitsForIt()
    {
        PlanRun run = Begin(new("g", new Nest(new("n", new Start("a", new AtGate("open")), new Return("inner"))), new Return("v")));
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("g:returned");
        Assert.False(run.HasEnded);
        Stage.Open("open");
        Assert.Equal("v", (await run.EndAsync()).Returned);
        Assert.Equal(OutcomeKind.Succeeded, Assert.Single(Stage.Outcomes["n"]).Kind);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_GroupIsCancelled_ThrowsOperationCanceled()
    {
        PlanEnd end = await RunAsync(new("g", new Cancel(), new TryStart("late", "g")) { Valued = false });
        Assert.Equal("", end.Returned);
        Assert.Equal(["refused:late:OperationCanceledException"], Stage.Events);
        Assert.Empty(Stage.Outcomes["g"]);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_GroupHasEnded_ThrowsInvalidOperation()
    {
        PlanEnd end = await RunAsync(new("g", new Nest(new("n", new Return("x"))), new Await("n"), new TryStart("late", "n")));
        Assert.Equal("x", end.Returned);
        Assert.Contains("refused:late:InvalidOperationException", Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_GroupWasCancelledAndHasEnded_StartsNothing()
    {
        PlanEnd end = await RunAsync(new("g", new Nest(new("n", new Cancel()) { Valued = false }), new Await("n"), new TryStart("late", "n"), new Return("x")));
        Assert.Equal("x", end.Returned);
        Assert.Single(Stage.Events, seen => seen.StartsWith("refused:late:", StringComparison.Ordinal));
        Assert.DoesNotContain("late:started", Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_FromAChildAfterTheBodyHasEnded_IsAdmittedAndAwaited()
    {
        PlanRun run = Begin(new("g", new Start("parent", new AtGate("spawn", new Spawn("sibling", new AtGate("open")))), new Return("v")));
        await Stage.ReachedAsync("g:returned");
        Stage.Open("spawn");
        await Stage.ReachedAsync("parent:ended");
        await Stage.ReachedAsync("sibling:started");
        Assert.False(run.HasEnded);
        Stage.Open("open");
        PlanEnd end = await run.EndAsync();
        Assert.Equal("v", end.Returned);
        Assert.Equal(OutcomeKind.Succeeded, end.KindOf("g", "sibling"));
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_SiblingFails_IsAFailureOfTheGroup()
    {
        PlanEnd end = await RunAsync(new("g", new Start("parent", new Spawn("sibling", new Fail(Bad()))), new Return("v")));
        Assert.Equal(["bad"], end.Messages);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_FromAChildOfACancelledGroup_IsRefused()
    {
        PlanEnd end = await RunAsync(new("g",
            new Start("parent", new WaitForCancel(new Spawn("sibling", new Succeed()))),
            new Start("fails", new Fail(Bad()))));
        Assert.Equal(["bad"], end.Messages);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "parent"));
        Assert.DoesNotContain("sibling:started", Stage.Events);
        Assert.Equal(2, Stage.Outcomes["g"].Count);
    }
}
