namespace Sheaf.Conformance;

/// <summary>R14: durable children that get ready.</summary>
[Needs(Capabilities.Durable)]
public abstract class ReadyConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly Func<SheafBuilder, SheafBuilder> AddReady = sheaf => sheaf.AddWorkflow<ReadyWorkflow>().AddWorker<ReadyServer>().UseOptions(new SheafOptions { MaxPayloadBytes = 10_000 });

    private static readonly Act Serve = new WaitForCancel();

    [Fact]
    [Trait("Rule", "R14")]
    public async Task Start_OfOneThatGetsReady_GivesItsValue_AndItRunsUntilItsGroupIsCancelled()
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new Succeed(), Serve)) { Sibling = new AtGate("asked") });
        await Stage.ReachedAsync("after:started");
        ChildDescription server = await ServerAsync(process);
        Assert.Equal((true, "Running"), (server.IsReady, server.Status));
        Stage.Open("asked");
        Assert.Equal("port 80", await ResultAsync(process));
        Assert.Equal(OutcomeKind.Cancelled, (await ServerAsync(process)).Outcome);
        WorkflowEvent ready = Assert.Single(await EventsAsync(process, Stage.Id), seen => seen.Kind == WorkflowEventKind.ChildReady);
        Assert.Equal(("g/server", "ready-server/v1"), (ready.PathText, ready.Worker));
    }

    [Fact]
    [Trait("Rule", "R14")]
    public async Task Start_OfOneThatIsNotReadyYet_Waits()
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new AtGate("warm"), Serve)));
        await Stage.ReachedAsync("sibling:ended");
        Assert.False((await ServerAsync(process)).IsReady);
        Stage.Open("warm");
        Assert.Equal("port 80", await ResultAsync(process));
    }

    [Theory]
    [Trait("Rule", "R14")]
    [Trait("Rule", "R16")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Failure_BeforeReady_IsThrownByTheStart_AndCancelsNobody(bool inCheckpoint)
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new Fail(Bad("no port")), Serve)) { Catches = true, Sibling = new AtGate("asked"), Cancels = false, InCheckpoint = inCheckpoint });
        await Stage.ReachedAsync("before:ended");
        Stage.Open("asked");
        Assert.Equal("FormatException: no port", await ResultAsync(process));
        Assert.Equal(0, Stage.CountOf("after:started"));
    }

    [Theory]
    [Trait("Rule", "R14")]
    [Trait("Rule", "R3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Failure_BeforeReady_ThatNobodyTakes_IsTheGroupsOnce(bool awaits)
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new Fail(Bad("no port")), Serve)) { Awaits = awaits, Sibling = new AtGate("asked"), Cancels = false });
        await EndedAsync(process, "g/server");
        Stage.Open("asked");
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(process));
        FailureLeaf leaf = Assert.Single(failures.Leaves);
        Assert.Equal(("no port", "server"), (leaf.Exception.Message, leaf.Origins[^1].Path[^1]));
        // It was isolated: nobody was cancelled for it, where the body went on.
        if (!awaits) Assert.All((await process.Client.DescribeAsync(Stage.Id))!.Children[0].Children.Skip(1), sibling => Assert.Equal(OutcomeKind.Succeeded, sibling.Outcome));
    }

    [Theory]
    [Trait("Rule", "R14")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Failure_AfterReady_IsThatOfAnyChild(bool isolated)
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new Succeed(), new AtGate("crash", new Fail(Bad("crashed"))))) { Isolated = isolated, Attempts = 3, Sibling = isolated ? new AtGate("asked") : new WaitForCancel(), Cancels = false });
        await Stage.ReachedAsync("sibling:started");
        await Stage.ReachedAsync("after:started");
        Stage.Open("crash");
        await Stage.ReachedAsync("after:ended");
        Stage.Open("asked");
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(process));
        Assert.Equal("crashed", Assert.Single(failures.Leaves).Exception.Message);
        IReadOnlyList<ChildDescription> children = (await process.Client.DescribeAsync(Stage.Id))!.Children[0].Children;
        Assert.Equal(isolated ? OutcomeKind.Succeeded : OutcomeKind.Cancelled, children[1].Outcome);
        // Ready, it was not tried again.
        Assert.Equal((1, 1), (children[0].Attempt, Stage.CountOf("before:started")));
    }

    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "R12")]
    public async Task Retry_BeforeReady_TriesAgain()
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new FailUntil(3, Bad("not yet")), Serve)) { Attempts = 3 });
        Assert.Equal("port 80", await ResultAsync(process));
        Assert.Equal(3, (await ServerAsync(process)).Attempt);
    }

    [Fact]
    [Trait("Rule", "R14")]
    public async Task Return_WithoutReady_IsAFailure()
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new Succeed(), new Succeed()) with { Value = null }) { Catches = true });
        Assert.Equal("InvalidOperationException: Child 'server' ended without saying that it is ready. Call context.ReadyAsync(value) before the work returns, or use Start.", await ResultAsync(process));
    }

    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "R4")]
    public async Task Return_WithoutReady_OfOneThatIsCancelled_IsItsCancellation()
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new WaitForCancel(new Succeed()), new Succeed()) with { Value = null }));
        await Stage.ReachedAsync("before:started");
        await process.Client.CancelAsync(Stage.Id, "enough");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ResultAsync(process));
        Assert.Equal(OutcomeKind.Cancelled, (await ServerAsync(process)).Outcome);
    }

    [Fact]
    [Trait("Rule", "R14")]
    public async Task Ready_InACancelledGroup_IsLegal()
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new WaitForCancel(new Succeed()), new Succeed())));
        await Stage.ReachedAsync("before:started");
        await Stage.ReachedAsync("sibling:ended");
        await process.Client.CancelAsync(Stage.Id, "enough");
        // Its starter has the value, and nothing was cut short (R5).
        Assert.Equal("port 80", await ResultAsync(process));
        ChildDescription server = await ServerAsync(process);
        Assert.Equal((true, OutcomeKind.Succeeded), (server.IsReady, server.Outcome));
    }

    [Fact]
    [Trait("Rule", "R14")]
    public async Task Ready_Twice_IsAFailure()
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new Succeed(), Serve) with { Times = 2 }) { Sibling = new WaitForCancel(), Cancels = false });
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(process));
        Assert.Equal("Child 'server' said that it is ready twice. Call context.ReadyAsync once.", Assert.Single(failures.Leaves).Exception.Message);
    }

    [Fact]
    [Trait("Rule", "R14")]
    public async Task Ready_WithoutWaiting_ComesBeforeTheEnd()
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new Succeed(), new Succeed("done")) with { Waits = false }));
        Assert.Equal("port 80", await ResultAsync(process));
        ChildDescription server = await ServerAsync(process);
        Assert.Equal((true, OutcomeKind.Succeeded), (server.IsReady, server.Outcome));
    }

    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D10")]
    public async Task Ready_WithTooLargeAValue_IsItsFailure()
    {
        HostProcess process = await StartAsync(configure: AddReady);
        await BeginAsync(process, new(Work(new Succeed(), Serve) with { Padding = 10_000 }) { Catches = true, Cancels = false });
        Assert.StartsWith("PayloadTooLargeException: The value of ready worker 'ready-server/v1' is 10009 bytes of JSON; the limit is 10000.", await ResultAsync(process), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D2")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Process_EndsBeforeReady_TheChildIsDeliveredAgain(bool inOrder)
    {
        HostProcess first = await StartAsync(configure: AddReady);
        await BeginAsync(first, new(Work(new AtGate("warm"), Serve)));
        await Stage.ReachedAsync("before:started");
        await (inOrder ? StopAsync(first) : EndAsync(first));
        HostProcess second = await StartAsync(configure: AddReady);
        await Stage.ReachedAsync("before:started", times: 2);
        Stage.Open("warm");
        Assert.Equal("port 80", await ResultAsync(second));
        ChildDescription server = await ServerAsync(second);
        Assert.Equal((1, 2), (server.Attempt, server.Delivery));
    }

    [Theory]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D2")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Process_EndsAfterReady_TheChildHasFailed(bool inOrder)
    {
        HostProcess first = await StartAsync(configure: AddReady);
        await BeginAsync(first, new(Work(new Succeed(), Serve)) { Attempts = 3, Sibling = new AtGate("asked"), Cancels = false });
        await Stage.ReachedAsync("after:started");
        await (inOrder ? StopAsync(first) : EndAsync(first));
        HostProcess second = await StartAsync(configure: AddReady);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(second));
        FailureLeaf lost = Assert.Single(failures.Leaves);
        Assert.StartsWith("Child 'server' was lost with its worker after it had said that it is ready: ", Assert.IsType<WorkerLostException>(lost.Exception).Message, StringComparison.Ordinal);
        Assert.Equal(1, Stage.CountOf("before:started"));
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
    }

    [Theory]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D11")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_ThatACheckpointHasAwaited_IsTakenAfterAResumeToo(bool isolated)
    {
        HostProcess first = await StartAsync(configure: AddReady);
        await BeginAsync(first, new(Work(new Fail(Bad("no port")), Serve)) { Isolated = isolated, Catches = true, InCheckpoint = true, Sibling = new AtGate("asked"), Cancels = false });
        await EndedAsync(first, "g/inside");
        await EndAsync(first);
        HostProcess second = await StartAsync(configure: AddReady);
        Stage.Open("asked");
        Assert.Equal("FormatException: no port", await ResultAsync(second));
    }

    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D11")]
    public async Task Failure_AfterReady_OfAnIsolatedOne_CountsAlsoWhereACheckpointHasAwaitedItsStart()
    {
        HostProcess first = await StartAsync(configure: AddReady);
        await BeginAsync(first, new(Work(new Succeed(), Serve)) { Isolated = true, InCheckpoint = true, Sibling = new AtGate("asked"), Cancels = false });
        await EndedAsync(first, "g/inside");
        await EndAsync(first);
        HostProcess second = await StartAsync(configure: AddReady);
        Stage.Open("asked");
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(second));
        Assert.IsType<WorkerLostException>(Assert.Single(failures.Leaves).Exception);
    }

    private ReadyWork Work(Act before, Act after) => new(Stage.Id, before, after);

    private async Task BeginAsync(HostProcess process, ReadyPlan plan) => Assert.True(await process.Client.StartAsync(Run.Workflow<ReadyWorkflow>(), Stage.Id, plan));

    /// <summary>Waits until a child's end is journaled.</summary>
    private Task EndedAsync(HostProcess process, string path)
    {
        return Stage.GuardAsync(WatchAsync(), $"the end of {path}");

        async Task WatchAsync()
        {
            await foreach (WorkflowEvent seen in process.Client.WatchAsync(Stage.Id))
            {
                if (seen.Kind == WorkflowEventKind.ChildEnded && seen.PathText == path) break;
            }
        }
    }

    private async Task<ChildDescription> ServerAsync(HostProcess process) => (await process.Client.DescribeAsync(Stage.Id))!.Children[0].Children[0];
}
