namespace Sheaf.Conformance;

/// <summary>The client's promises: start once by id, result, cancel, describe, watch, list.</summary>
[Needs(Capabilities.Durable)]
public abstract class ClientConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly GroupPlan AtTheGate = new("g", new Start("a", new AtGate("open", new Succeed("1"))), new Await("a"));

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_Twice_StartsOnce()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, AtTheGate);
        Assert.False(await process.Client.StartAsync(Run.Workflow<PlanWorkflow>(), Stage.Id, new PlanInput(Stage.Id, AtTheGate)));
        Task<string> second = process.Client.RunAsync(Run.Workflow<PlanWorkflow>(), Stage.Id, new PlanInput(Stage.Id, AtTheGate));
        Stage.Open("open");
        Assert.Equal(["1", "1"], await Stage.GuardAsync(Task.WhenAll(second, ResultAsync(process)), "both results"));
        Assert.False(await process.Client.StartAsync(Run.Workflow<PlanWorkflow>(), Stage.Id, new PlanInput(Stage.Id, AtTheGate)));
        Assert.Equal(1, Stage.CountOf("a:started"));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_ManyAtOnce_StartsOnce()
    {
        HostProcess process = await StartAsync();
        Stage.Open("open");
        PlanInput input = new(Stage.Id, AtTheGate);
        Task<bool>[] starts = [.. Enumerable.Range(0, 32).Select(_ => Task.Run(() => process.Client.StartAsync(Run.Workflow<PlanWorkflow>(), Stage.Id, input)))];
        bool[] created = await Stage.GuardAsync(Task.WhenAll(starts), "all starts");
        Assert.Single(created, wasFirst => wasFirst);
        Assert.Equal("1", await ResultAsync(process));
        Assert.Equal(1, Stage.CountOf("a:started"));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_IdBelongsToAnother_ThrowsAndLeavesItAlone()
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<ThrowingWorkflow>());
        await BeginAsync(process, AtTheGate);
        await Assert.ThrowsAsync<InvalidOperationException>(() => process.Client.StartAsync(Run.Workflow<PlanWorkflow>(), Stage.Id, new PlanInput(Stage.Id, new("other"))));
        InvalidOperationException conflict = await Assert.ThrowsAsync<InvalidOperationException>(() => process.Client.StartAsync(Run.Workflow<ThrowingWorkflow>(), Stage.Id, ""));
        Assert.Contains("plan/v1", conflict.Message, StringComparison.Ordinal);
        Stage.Open("open");
        Assert.Equal("1", await ResultAsync(process));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_WorkflowIsNotRegistered_ThrowsAndSaysWhatIs()
    {
        HostProcess process = await StartAsync();
        InvalidOperationException missing = await Assert.ThrowsAsync<InvalidOperationException>(() => process.Client.StartAsync(Run.Workflow<ThrowingWorkflow>(), Stage.Id, ""));
        Assert.Contains("throws/v1", missing.Message, StringComparison.Ordinal);
        Assert.Contains("plan/v1", missing.Message, StringComparison.Ordinal);
        Assert.Null(await process.Client.DescribeAsync(Stage.Id));
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Cancel_WithAReason_ReachesTheWorkersAndTheDescription()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new WaitForCancel()), new Await("a")));
        await Stage.ReachedAsync("a:started");
        Assert.True(await process.Client.CancelAsync(Stage.Id, "not needed"));
        await Assert.ThrowsAsync<OperationCanceledException>(() => ResultAsync(process));
        Assert.Equal((CancellationCauseKind.Requested, "not needed"), (Stage.Causes["a"].Root.Kind, Stage.Causes["a"].Root.Reason));
        WorkflowDescription description = (await process.Client.DescribeAsync(Stage.Id))!;
        Assert.Equal((WorkflowStatus.Cancelled, "not needed"), (description.Status, description.Cause!.Reason));
        Assert.NotNull(description.EndedAt);
        Assert.False(await process.Client.CancelAsync(Stage.Id, "again"));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Cancel_TwiceWhileItRuns_TheFirstReasonCounts()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new AtGate("open", IgnoresCancel: true)), new Await("a")));
        await Stage.ReachedAsync("a:started");
        Assert.True(await process.Client.CancelAsync(Stage.Id, "first"));
        Assert.True(await process.Client.CancelAsync(Stage.Id, "second"));
        Assert.Equal("first", (await process.Client.DescribeAsync(Stage.Id))!.Cause!.Reason);
        Stage.Open("open");
        // The child returned all the same, and so did the body: R5.
        Assert.Equal("ok", await ResultAsync(process));
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Run_TokenIsSignalled_CancelsTheWorkflowAndWaitsForItsEnd()
    {
        HostProcess process = await StartAsync();
        using CancellationTokenSource source = new();
        Task<string> run = process.Client.RunAsync(Run.Workflow<PlanWorkflow>(), Stage.Id, new PlanInput(Stage.Id, new("g", new Start("a", new AtGate("open", new CancelUnasked(), IgnoresCancel: true)), new Await("a"))), source.Token);
        await Stage.ReachedAsync("a:started");
        await source.CancelAsync();
        await Stage.ReachedAsync("a:cancelled");
        Assert.False(run.IsCompleted);
        Stage.Open("open");
        OperationCanceledException cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => Stage.GuardAsync(run, "the run"));
        Assert.Equal(source.Token, cancelled.CancellationToken);
        Assert.Equal(WorkflowStatus.Cancelled, (await process.Client.DescribeAsync(Stage.Id))!.Status);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Result_TokenIsSignalled_StopsTheWaitingOnly()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, AtTheGate);
        await Stage.ReachedAsync("a:started");
        using CancellationTokenSource source = new();
        Task<string> waiting = process.Client.ResultAsync<string>(Stage.Id, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Stage.GuardAsync(waiting, "the end of the waiting"));
        Stage.Open("open");
        Assert.Equal("1", await ResultAsync(process));
        Assert.Equal(0, Stage.CountOf("a:cancelled"));
    }

    [Fact]
    [Trait("Rule", "D11")]
    public async Task UnknownId_SaysSo()
    {
        HostProcess process = await StartAsync();
        Assert.Null(await process.Client.DescribeAsync("nobody"));
        Assert.False(await process.Client.CancelAsync("nobody"));
        Assert.False(await process.Client.RetryAsync("nobody"));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => process.Client.ResultAsync<string>("nobody"));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => EventsAsync(process, "nobody"));
    }

    [Fact]
    [Trait("Rule", "D11")]
    public async Task Describe_WhileItRunsAndAfter_ShowsTheChildren()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g",
            new Start("a", new AtGate("open")),
            new Start("b", new Succeed()),
            new Start("c", new FailUntil(2, Bad("flaky"))) { Retry = new(2) },
            new Nest(new("n", new Start("d", new AtGate("open")))),
            new Await("a")));
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("d:started");
        await Stage.GuardAsync(Host.Time.TimerStarted(Seconds(1)), "the backoff's timer");
        ChildDescription group = Assert.Single((await process.Client.DescribeAsync(Stage.Id))!.Children);
        Assert.Equal(("g", "Group", "Running"), (group.Name, group.Kind, group.Status));
        ChildDescription c = group.Children[2];
        Assert.Equal(("BackingOff", 1, "flaky"), (c.Status, c.Attempt, c.Failure!.Message));
        Assert.Equal(("d", "Running", "plan-worker/v1"), (group.Children[3].Children[0].Name, group.Children[3].Children[0].Status, group.Children[3].Children[0].Worker));
        Stage.Open("open");
        Host.Time.Advance(Seconds(1));
        Assert.Equal("ok", await ResultAsync(process));
        WorkflowDescription ended = (await process.Client.DescribeAsync(Stage.Id))!;
        Assert.Equal(WorkflowStatus.Succeeded, ended.Status);
        Assert.All(ended.Children[0].Children, child => Assert.Equal(("Ended", OutcomeKind.Succeeded), (child.Status, child.Outcome)));
    }

    [Fact]
    [Trait("Rule", "D4")]
    public async Task Watch_FromTheBeginning_IsGaplessInOrderAndEnds()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g",
            new Start("a", new AtGate("open", new Fail(Bad()))),
            new Start("b", new WaitForCancel()),
            new Start("c", new Succeed()),
            new Await("b")));
        Task<List<WorkflowEvent>> live = EventsAsync(process, Stage.Id);
        await Stage.ReachedAsync("b:started");
        Stage.Open("open");
        List<WorkflowEvent> events = await live;
        Assert.Equal(WorkflowEventKind.WorkflowStarted, events[0].Kind);
        Assert.Equal(WorkflowEventKind.WorkflowEnded, events[^1].Kind);
        Assert.Equal(events.Select(seen => seen.Sequence), events.Select(seen => seen.Sequence).Order());
        foreach (string path in (string[])["g", "g/a", "g/b", "g/c"])
        {
            int started = events.FindIndex(seen => seen.Kind == WorkflowEventKind.ChildStarted && seen.PathText == path);
            int ended = events.FindIndex(seen => seen.Kind == WorkflowEventKind.ChildEnded && seen.PathText == path);
            Assert.InRange(started, 0, ended);
        }

        WorkflowEvent cancelled = Assert.Single(events, seen => seen.Kind == WorkflowEventKind.Cancelled);
        Assert.Equal(("g", CancellationCauseKind.SiblingFailed, "a"), (cancelled.PathText, cancelled.Cause!.Kind, cancelled.Cause.By));
        Assert.Equal(Summaries(events), Summaries(await EventsAsync(process, Stage.Id)));
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Watch_AChildFails_ItsEndComesBeforeTheCancellationThatItCauses()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new Fail(Bad())), new Start("b", new Succeed()), new Await("b")) { MaxConcurrency = 1 });
        List<WorkflowEvent> events = await EventsAsync(process, Stage.Id);
        Assert.Equal(
            ["ChildEnded g/a", "Cancelled g", "ChildEnded g/b", "ChildEnded g"],
            events.Where(seen => seen.Kind is WorkflowEventKind.ChildEnded or WorkflowEventKind.Cancelled).Select(seen => $"{seen.Kind} {seen.PathText}"));
    }

    [Fact]
    [Trait("Rule", "D4")]
    public async Task Watch_TheProcessEnds_TheWatchingEndsToo()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, AtTheGate);
        Task<List<WorkflowEvent>> live = EventsAsync(process, Stage.Id);
        await Stage.ReachedAsync("a:started");
        await EndAsync(process);
        await ((Task)live).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Assert.True(live.Exception?.InnerException is null or OperationCanceledException, live.Exception?.ToString());
    }

    [Fact]
    [Trait("Rule", "D11")]
    public async Task List_ByStatus_GivesThoseOldestFirst()
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<ThrowingWorkflow>());
        await BeginAsync(process, AtTheGate);
        await Assert.ThrowsAsync<ExceptionGroup>(() => process.Client.RunAsync(Run.Workflow<ThrowingWorkflow>(), Stage.Id + "-fails", "bad"));
        Assert.Equal([Stage.Id, Stage.Id + "-fails"], await IdsAsync(null));
        Assert.Equal([Stage.Id], await IdsAsync(WorkflowStatus.Running));
        Assert.Equal([Stage.Id + "-fails"], await IdsAsync(WorkflowStatus.Failed));
        Assert.Empty(await IdsAsync(WorkflowStatus.Succeeded));

        async Task<List<string>> IdsAsync(WorkflowStatus? status)
        {
            List<string> ids = [];
            await foreach (WorkflowSummary summary in process.Client.ListAsync(status)) ids.Add(summary.Id.Value);
            return ids;
        }
    }

    [Fact]
    [Trait("Rule", "E4")]
    public async Task Run_CodeThrowsOutsideOfAnyGroup_TheLeafNamesItsWorkflow()
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<ThrowingWorkflow>());
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => process.Client.RunAsync(Run.Workflow<ThrowingWorkflow>(), Stage.Id, "bad"));
        FailureLeaf leaf = Assert.Single(failures.Leaves);
        Assert.Equal("bad", Assert.IsType<FormatException>(leaf.Exception).Message);
        Assert.Equal(Stage.Id, Assert.Single(leaf.Origins).WorkflowId);
    }

    [Fact]
    [Trait("Rule", "E4")]
    public async Task Run_WorkerAndBodyFail_TheLeavesNameWorkflowWorkerAndDelivery()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new Fail(Bad())), new Look("a"), new Throw(Bad("body"))));
        ExceptionGroup failures = (await EndOfAsync(process)).CallersFailures;
        FailureOrigin[] origins = [.. failures.Leaves.Select(leaf => Assert.Single(leaf.Origins))];
        Assert.All(origins, origin => Assert.Equal(Stage.Id, origin.WorkflowId));
        Assert.Equal(("plan-worker/v1", 1, 1), (origins[0].Worker, origins[0].Attempt, origins[0].Delivery));
    }

    private static IEnumerable<string> Summaries(IEnumerable<WorkflowEvent> events) => events.Select(seen => $"{seen.Sequence} {seen.Kind} {seen.PathText} {seen.Outcome}");
}
