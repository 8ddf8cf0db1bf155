using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Conformance;

/// <summary>Workflows that continue as new: under the same id, with an empty journal.</summary>
[Needs(Capabilities.Durable)]
public abstract class ContinueConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly Func<SheafBuilder, SheafBuilder> AddLap = sheaf => sheaf.AddWorkflow<LapWorkflow>();

    [Fact]
    [Trait("Rule", "D11")]
    public async Task Continue_Often_KeepsTheJournalOfTheLastRunOnly()
    {
        HostProcess process = await StartAsync(configure: AddLap);
        Assert.Equal("4 laps", await RunAsync(process, new Lap(Stage.Id, 4, new Succeed())));
        Assert.Equal(5, Stage.CountOf("work:started"));

        WorkflowDescription description = (await process.Client.DescribeAsync(Stage.Id))!;
        Assert.Equal((4, WorkflowStatus.Succeeded), (description.Run, description.Status));
        List<long> begins = [];
        await foreach (JournalCommit commit in Journal.ReadAsync(Stage.Id)) begins.Add(commit.FirstSequence);
        Assert.NotEqual(0, begins[0]);
        Assert.Equal(description.JournalLength, (await JournalReading.ReadAllAsync(Journal, Stage.Id, CancellationToken.None)).Count);
        // Each run has journaled the same.
        Assert.Equal(4 * description.JournalLength, begins[0]);
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task Continue_KeysIdsAndChance_AreNewInEachRun()
    {
        HostProcess process = await StartAsync(configure: AddLap);
        await RunAsync(process, new Lap(Stage.Id, 2, new Succeed()));
        Assert.Equal(3, Stage.Deliveries.Select(delivery => delivery.IdempotencyKey).Distinct().Count());
        Assert.Equal([1, 2, 3], Stage.Deliveries.Select(delivery => delivery.FencingToken));
        Assert.Equal(3, Stage.Events.Where(seen => seen.StartsWith("id ", StringComparison.Ordinal)).Distinct().Count());
    }

    [Fact]
    [Trait("Rule", "D1")]
    [Trait("Rule", "D7")]
    public async Task Continue_OwnerIsLostInALaterRun_GoesOnInThatRun()
    {
        HostProcess first = await StartAsync(configure: AddLap);
        await first.Client.StartAsync(Run.Workflow<LapWorkflow>(), Stage.Id, new Lap(Stage.Id, 2, new AtGate("go")) { FirstWork = new Succeed() });
        await Stage.ReachedAsync("work:started", times: 2);
        await EndAsync(first);
        HostProcess second = await StartAsync(configure: AddLap);
        Stage.Open("go");
        Assert.Equal("2 laps", await ResultAsync(second));
        // The first run's once, the second's again, the third's once.
        Assert.Equal(4, Stage.CountOf("work:started"));
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Continue_SignalsThatNobodyHasTaken_GoOverWithTheirKeys()
    {
        HostProcess process = await StartAsync(configure: AddLap);
        await process.Client.StartAsync(Run.Workflow<LapWorkflow>(), Stage.Id, new Lap(Stage.Id, 2, new AtGate("go")) { TakesSignals = true });
        await Stage.ReachedAsync("work:started");
        foreach (string key in (string[])["a", "b", "a", "c"]) await process.Client.SignalAsync(Stage.Id, "item", key, key);
        Stage.Open("go");
        Assert.Equal("2 laps", await ResultAsync(process));
        Assert.Equal(["took a", "took b", "took c"], Stage.Events.Where(seen => seen.StartsWith("took", StringComparison.Ordinal)));
        Assert.False(await process.Client.SignalAsync(Stage.Id, "item", "a", "a"));
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Continue_CancelledMeanwhile_DoesNotGoOn()
    {
        HostProcess process = await StartAsync(configure: AddLap);
        await process.Client.StartAsync(Run.Workflow<LapWorkflow>(), Stage.Id, new Lap(Stage.Id, 2, new AtGate("go", IgnoresCancel: true)));
        await Stage.ReachedAsync("work:started");
        await process.Client.CancelAsync(Stage.Id, "enough");
        Stage.Open("go");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ResultAsync(process));
        Assert.Equal(1, Stage.CountOf("work:started"));
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "D2")]
    public async Task Continue_LateOutcomeOfAnEarlierRun_ChangesNothing()
    {
        HostProcess process = await StartAsync(configure: AddLap);
        await process.Client.StartAsync(Run.Workflow<LapWorkflow>(), Stage.Id, new Lap(Stage.Id, 1, new AtGate("second")) { FirstWork = new AtGate("first", IgnoresCancel: true), Abandons = true });
        await Stage.ReachedAsync("work:started");
        await PassAsync(Seconds(1));
        await PassAsync(Seconds(30));
        // The next run's child has the same place.
        await Stage.ReachedAsync("work:started", times: 2);
        Stage.Open("first");
        await Stage.ReachedAsync("work:ended");
        Assert.Equal(WorkflowStatus.Running, (await process.Client.DescribeAsync(Stage.Id))!.Status);
        Stage.Open("second");
        Assert.Equal("1 laps", await ResultAsync(process));
    }

    [Fact]
    [Trait("Rule", "D11")]
    public async Task Continue_IsWatched_SaysSoAndGoesOn()
    {
        HostProcess process = await StartAsync(configure: AddLap);
        await process.Client.StartAsync(Run.Workflow<LapWorkflow>(), Stage.Id, new Lap(Stage.Id, 1, new AtGate("go")));
        await using IAsyncEnumerator<WorkflowEvent> watch = process.Client.WatchAsync(Stage.Id).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        Stage.Open("go");
        List<WorkflowEventKind> kinds = [];
        while (await watch.MoveNextAsync()) kinds.Add(watch.Current.Kind);
        Assert.Contains(WorkflowEventKind.WorkflowContinued, kinds);
        Assert.Equal(WorkflowEventKind.WorkflowEnded, kinds[^1]);
    }

    private Task<string> RunAsync(HostProcess process, Lap lap) => Stage.GuardAsync(process.Client.RunAsync(Run.Workflow<LapWorkflow>(), Stage.Id, lap), "the result of the last run");
}

public sealed record Lap(string Stage, int Laps, Act Work)
{
    public int Done { get; init; }

    /// <summary>What the worker of the first run does; null for the same as in the others.</summary>
    public Act? FirstWork { get; init; }

    public bool TakesSignals { get; init; }

    /// <summary>Whether the first run gives its worker up.</summary>
    public bool Abandons { get; init; }
}

[Workflow("lap/v1")]
public sealed class LapWorkflow : Workflow<Lap, string>
{
    public override async Task<string> RunAsync(Lap input, WorkflowContext workflow)
    {
        Stage stage = Stage.Of(input.Stage);
        stage.Log($"id {workflow.NewGuid()}");
        Act work = input.Done == 0 && input.FirstWork is { } first ? first : input.Work;
        WorkflowGroupOptions? options = input.Abandons && input.Done == 0 ? new() { MoveOnAfter = TimeSpan.FromSeconds(1), Policy = GroupPolicy.Settle } : null;
        await workflow.GroupAsync("lap", async group =>
        {
            ChildTask<string> child = group.Start("work", Run.Worker<PlanWorker>(), new PlanWork(input.Stage, "work", work));
            await child.OutcomeAsync();
        }, options);
        if (input.TakesSignals) stage.Log($"took {await workflow.WaitForAsync<string>("item")}");
        if (input.Done == input.Laps) return $"{input.Laps} laps";
        return await ContinueAsNewAsync(input with { Done = input.Done + 1 }, workflow);
    }
}
