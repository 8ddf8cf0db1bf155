namespace Sheaf.Conformance;

/// <summary>D10: what is too large, or cannot be sent, is its own child's failure.</summary>
[Needs(Capabilities.Durable)]
public abstract class PayloadConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    [Fact]
    [Trait("Rule", "D10")]
    public async Task Input_IsTooLarge_FailsItsChildOnly()
    {
        PlanEnd end = await RunSmallAsync(new("g",
            new Start("large", new Succeed(new string('x', 3000))) { Isolated = true },
            new Look("large"),
            new Start("fine", new Succeed("fine")),
            new Await("fine")));
        Assert.Equal("fine", end.Returned);
        AssertTooLarge("large", "input");
        Assert.Equal(0, Stage.CountOf("large:started"));
    }

    [Fact]
    [Trait("Rule", "D10")]
    public async Task Value_IsTooLarge_FailsItsChildOnly()
    {
        PlanEnd end = await RunSmallAsync(new("g",
            new Start("large", new Big(3000)) { Isolated = true },
            new Look("large"),
            new Start("fine", new Succeed("fine")),
            new Await("fine")));
        Assert.Equal("fine", end.Returned);
        AssertTooLarge("large", "value");
    }

    [Fact]
    [Trait("Rule", "D10")]
    [Trait("Rule", "R3")]
    public async Task Input_IsTooLargeInAFailFastGroup_EndsTheGroupWithThatFailure()
    {
        PlanEnd end = await RunSmallAsync(new("g", new Start("waits", new WaitForCancel()), new Start("large", new Succeed(new string('x', 3000))), new Await("large")));
        Assert.IsType<PayloadTooLargeException>(Assert.Single(end.CallersFailures.Leaves).Exception);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("g", "waits"));
    }

    [Fact]
    [Trait("Rule", "D10")]
    public async Task ValueOfTheWorkflow_IsTooLarge_FailsIt()
    {
        PlanEnd end = await RunSmallAsync(new("g",
            new Start("a", new Big(1500)),
            new Start("b", new Big(1500)),
            new Await("a"),
            new Await("b")));
        Assert.IsType<PayloadTooLargeException>(Assert.Single(end.CallersFailures.Leaves).Exception);
    }

    [Fact]
    [Trait("Rule", "D10")]
    public async Task InputOrValue_CannotBeSerialized_FailsItsChildOnly()
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<RingsWorkflow>().AddWorker<TakesRing>().AddWorker<GivesRing>());
        await process.Client.StartAsync(Run.Workflow<RingsWorkflow>(), Stage.Id, Stage.Id);
        Assert.Equal("Failed Failed fine", await ResultAsync(process));
        await AssertOneOutcomeAChildAsync(process, Stage.Id);
        await EndAsync(process);
        int turns = (await Journals.TurnsAsync(Journal, Stage.Id)).Count;
        HostProcess resumed = await StartAsync(await Journals.CutAsync(Journal, Stage.Id, turns), sheaf => sheaf.AddWorkflow<RingsWorkflow>().AddWorker<TakesRing>().AddWorker<GivesRing>());
        Assert.Equal("Failed Failed fine", await ResultAsync(resumed));
    }

    [Fact]
    [Trait("Rule", "D10")]
    public async Task InputOfTheWorkflow_IsTooLarge_IsRefused()
    {
        HostProcess process = await StartAsync(configure: Small);
        await Assert.ThrowsAsync<PayloadTooLargeException>(() => BeginAsync(process, new("g", new Return(new string('x', 3000)))));
        Assert.Null(await process.Client.DescribeAsync(Stage.Id));
    }

    private static SheafBuilder Small(SheafBuilder sheaf) => sheaf.UseOptions(new SheafOptions { MaxPayloadBytes = 2000 });

    /// <summary>Runs a plan where the workers' payloads are limited; the plan itself is given beside the input, which has to fit too.</summary>
    private async Task<PlanEnd> RunSmallAsync(GroupPlan plan)
    {
        HostProcess process = await StartAsync(configure: sheaf => Small(sheaf).AddWorkflow<GivenPlanWorkflow>());
        GivenPlanWorkflow.Plans[Stage.Id] = plan;
        await process.Client.StartAsync(Run.Workflow<GivenPlanWorkflow>(), Stage.Id, Stage.Id);
        return await EndOfAsync(process);
    }

    private void AssertTooLarge(string child, string what)
    {
        PayloadTooLargeException error = Assert.IsType<PayloadTooLargeException>(Stage.Seen[child].Exception);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains("2000", error.Message, StringComparison.Ordinal);
    }
}
