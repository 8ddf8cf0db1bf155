namespace Sheaf.Conformance;

/// <summary>D5: a process that has lost a workflow leaves it alone. A cluster's silos ask the journal who is alive instead.</summary>
[Needs(Capabilities.Durable | Capabilities.Fenced | Capabilities.LeavesAlone)]
public abstract class LostOwnerConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly GroupPlan Plan = new("g", new Start("a", new AtGate("open", new Succeed("1"), IgnoresCancel: true)), new Await("a"));

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Takeover_TheFirstOwnerIsAskedToStartItAgain_LeavesItToTheSecond()
    {
        HostProcess first = await StartAsync();
        await BeginAsync(first, Plan);
        Task<string> lost = first.Client.ResultAsync<string>(Stage.Id);
        await Stage.ReachedAsync("a:started");
        HostProcess second = await StartAsync();
        await Stage.ReachedAsync("a:started", times: 2);
        // An input of the first makes it find out that it has lost the workflow.
        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => Stage.GuardAsync(first.Client.CancelAsync(Stage.Id, "from the first"), "the answer of the first"));
        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => Stage.GuardAsync(lost, "the first owner's end"));
        Assert.False(await first.Client.StartAsync(Run.Workflow<PlanWorkflow>(), Stage.Id, new PlanInput(Stage.Id, Plan)));
        Stage.Open("open");
        Assert.Equal("1", await ResultAsync(second));
        Assert.Equal(2, Stage.CountOf("a:started"));
    }
}
