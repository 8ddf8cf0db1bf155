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
        Task<string> lost = first.Client.ResultAsync<string>(Stage.Id);
        await Stage.ReachedAsync("a:started");
        HostProcess second = await StartAsync();
        await Stage.ReachedAsync("a:started", times: 2);
        Stage.Open("open");
        Assert.Equal("1", await ResultAsync(second));
        // Its client is told that it was lost, or finds the result where it is now.
        Exception? told = await Record.ExceptionAsync(() => Stage.GuardAsync(lost, "the first owner's end"));
        if (told is null) Assert.Equal("1", await lost);
        else Assert.IsAssignableFrom<InvalidOperationException>(told);
        Assert.Equal([1L, 2L], Stage.Deliveries.Select(delivery => delivery.FencingToken));
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
    }
}
