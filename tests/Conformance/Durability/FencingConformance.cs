namespace Sheaf.Conformance;

/// <summary>D2, D5: one owner at a time; what a lost one still delivers changes nothing.</summary>
[Needs(Capabilities.Durable | Capabilities.Fenced)]
public abstract class FencingConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly GroupPlan Plan = new("g", new Start("a", new AtGate("open", new Succeed("1"), IgnoresCancel: true)), new Await("a"));

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "D5")]
    public async Task Takeover_TheFirstOwnerStillRuns_ItsOutcomeIsLate()
    {
        HostProcess first = await StartAsync();
        await BeginAsync(first, Plan);
        // Where who asks makes the first owner take the workflow back, as a cluster does, nobody asks it before the end.
        Task<string>? waits = Host.Capabilities.HasFlag(Capabilities.LeavesAlone) ? first.Client.ResultAsync<string>(Stage.Id) : null;
        await Stage.ReachedAsync("a:started");
        HostProcess second = await StartAsync();
        await Stage.ReachedAsync("a:started", times: 2);
        Stage.Open("open");
        Assert.Equal("1", await ResultAsync(second));
        // Its client is told that it was lost, or finds the result where it is now.
        Task<string> asked = waits ?? first.Client.ResultAsync<string>(Stage.Id);
        Exception? told = await Record.ExceptionAsync(() => Stage.GuardAsync(asked, "the first owner's end"));
        if (told is null) Assert.Equal("1", await asked);
        else Assert.IsAssignableFrom<InvalidOperationException>(told);
        Assert.Equal([1L, 2L], Stage.Deliveries.Select(delivery => delivery.FencingToken));
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
    }
}
