using Sheaf.Journal;

namespace Sheaf.Conformance;

/// <summary>D1, D2, D7: a workflow resumes from wherever its journal ends, with the same result.</summary>
[Needs(Capabilities.Durable)]
public abstract class ReplayConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    [Fact]
    [Trait("Rule", "D1")]
    public async Task Resume_TwoAwaitingBranches_FromEveryTurn_GivesTheSameResult()
    {
        HostProcess process = await StartAsync(configure: Branches);
        await process.Client.StartAsync(Run.Workflow<BranchesWorkflow>(), Stage.Id, Stage.Id);
        string result = await ResultAsync(process);
        await EndAsync(process);
        await AssertSameFromEveryTurnAsync(result, Branches);
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task Resume_AGroupWithFailuresCaught_FromEveryTurn_GivesTheSameResult()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g",
            new Nest(new("n", new Start("a", new Fail(Bad())), new Start("b", new WaitForCancel()), new Await("b"))),
            new TryAwait("n"),
            new Nest(new("v", new Start("c", new WaitForCancel()), new Cancel("enough"), new Await("c")) { Valued = false }),
            new Await("v"),
            new Start("d", new Succeed("4")),
            new Start("e", new FailMany(Bad(), Bad("more"))) { Isolated = true },
            new Look("e"),
            new Await("d"),
            new StartMany("f", 5, new Succeed())) { MaxConcurrency = 2 });
        string result = await ResultAsync(process);
        Assert.Equal(",4", result);
        await EndAsync(process);
        await AssertSameFromEveryTurnAsync(result, same => same);
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task Resume_AWorkflowThatFails_FromEveryTurn_FailsTheSame()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g",
            new Start("a", new WaitForCancel(new Fail(Bad("second")))),
            new Start("b", new Fail(Bad("first"))),
            new Await("a")));
        ExceptionGroup failures = (await EndOfAsync(process)).CallersFailures;
        Assert.Equal(["first", "second"], failures.Leaves.Select(leaf => leaf.Exception.Message));
        await EndAsync(process);
        // Before b's end is journaled, a may be lost and b run again: from there on the order is b, then a, all the same.
        int turns = (await Journals.TurnsAsync(Journal, Stage.Id)).Count;
        for (int cut = 0; cut <= turns; cut++)
        {
            HostProcess resumed = await StartAsync(await Journals.CutAsync(Journal, Stage.Id, cut));
            ExceptionGroup again = (await EndOfAsync(resumed)).CallersFailures;
            Assert.Equal("first", again.Leaves.First().Exception.Message);
            Assert.All(again.Leaves, leaf => Assert.Equal(Stage.Id, Assert.Single(leaf.Origins).WorkflowId));
            await AssertOneOutcomeAChildAsync(resumed, Stage.Id);
            await EndAsync(resumed);
        }
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task Resume_AfterThePlanWasCancelled_IsStillCancelled()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new AtGate("open", IgnoresCancel: true)), new Start("b", new WaitForCancel()), new Await("b")));
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("b:started");
        Assert.True(await process.Client.CancelAsync(Stage.Id, "enough"));
        await Stage.ReachedAsync("a:cancelled");
        Stage.Open("open");
        await Assert.ThrowsAsync<OperationCanceledException>(() => ResultAsync(process));
        await EndAsync(process);
        int turns = (await Journals.TurnsAsync(Journal, Stage.Id)).Count;
        List<int> cutsAfterTheCancellation = [.. Enumerable.Range(0, turns + 1).Where(cut => cut >= 2)];
        foreach (int cut in cutsAfterTheCancellation)
        {
            HostProcess resumed = await StartAsync(await Journals.CutAsync(Journal, Stage.Id, cut));
            await Assert.ThrowsAsync<OperationCanceledException>(() => ResultAsync(resumed));
            Assert.Equal("enough", (await resumed.Client.DescribeAsync(Stage.Id))!.Cause!.Reason);
            await EndAsync(resumed);
        }
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task Resume_ProcessEndsInTheMiddle_DeliversAgainWithAHigherFencingTokenAndTheSameKey()
    {
        HostProcess first = await StartAsync();
        await BeginAsync(first, new("g", new Start("done", new Succeed("1")), new Await("done"), new Start("a", new AtGate("open", new Succeed("2"))), new Await("a")));
        await Stage.ReachedAsync("a:started");
        await EndAsync(first);
        Stage.Open("open");
        HostProcess second = await StartAsync();
        Assert.Equal("1,2", await ResultAsync(second));
        DeliverySeen[] seen = [.. Stage.Deliveries.Where(delivery => delivery.Child == "a")];
        Assert.Equal([(1, 1L), (1, 2L)], seen.Select(delivery => (delivery.Attempt, delivery.FencingToken)));
        Assert.Equal(seen[0].IdempotencyKey, seen[1].IdempotencyKey);
        Assert.Single(Stage.Deliveries, delivery => delivery.Child == "done");
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task Deliver_SeveralAttempts_TheKeyStaysAndTheTokenRises()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new FailUntil(3, Bad())) { Retry = new(3) }, new Start("b", new Succeed()), new Await("a")));
        await PassAsync(Seconds(1));
        await PassAsync(Seconds(2));
        Assert.Equal("ok", await ResultAsync(process));
        DeliverySeen[] seen = [.. Stage.Deliveries.Where(delivery => delivery.Child == "a")];
        Assert.Equal([(1, 1L), (2, 2L), (3, 3L)], seen.Select(delivery => (delivery.Attempt, delivery.FencingToken)));
        Assert.Single(seen.Select(delivery => delivery.IdempotencyKey).Distinct());
        Assert.NotEqual(seen[0].IdempotencyKey, Stage.Deliveries.Single(delivery => delivery.Child == "b").IdempotencyKey);
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task Deliver_LostFiveTimes_FailsAsWorkerLost()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new AtGate("never")), new Await("a")));
        for (int delivery = 1; delivery <= 5; delivery++)
        {
            await Stage.ReachedAsync("a:started", times: delivery);
            await EndAsync(process);
            process = await StartAsync();
        }

        ExceptionGroup failures = (await EndOfAsync(process)).CallersFailures;
        Assert.IsType<WorkerLostException>(Assert.Single(failures.Leaves).Exception);
        Assert.Equal([1L, 2L, 3L, 4L, 5L], Stage.Deliveries.Select(seen => seen.FencingToken));
    }

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "D5")]
    public async Task Deliver_TheCommitOfItsLossIsUnknown_IsNotHandedOutAgainUnderItsNumber()
    {
        TestJournal journal = new(Stage) { FailAt = 2, How = FailAppend.BeforeTheWrite };
        HostProcess first = await StartAsync(journal);
        await BeginAsync(first, new("g", new Start("a", new AtGate("open", new Succeed("1"))), new Await("a")));
        await Stage.ReachedAsync("a:started");
        await EndAsync(first);
        HostProcess second = await StartAsync(journal);
        // Until the journal is asked again.
        await PassAsync(Seconds(0.1));
        await Stage.ReachedAsync("a:started", times: 2);
        Stage.Open("open");
        Assert.Equal("1", await ResultAsync(second));
        Assert.True(journal.HasFailed);
        Assert.Equal([1L, 2L], Stage.Deliveries.Select(seen => seen.FencingToken));
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task Deliver_StoppedInOrderSixTimes_IsNotLost()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new AtGate("open", new Succeed("1"))), new Await("a")));
        for (int delivery = 1; delivery <= 6; delivery++)
        {
            await Stage.ReachedAsync("a:started", times: delivery);
            await StopAsync(process);
            process = await StartAsync();
        }

        await Stage.ReachedAsync("a:started", times: 7);
        Stage.Open("open");
        Assert.Equal("1", await ResultAsync(process));
        Assert.Equal([1L, 2L, 3L, 4L, 5L, 6L, 7L], Stage.Deliveries.Select(seen => seen.FencingToken));
        await AssertOneOutcomeAChildAsync(process, Stage.Id);
    }

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "R2")]
    public async Task Spawn_RepeatedByTheNextDelivery_StartsOneSibling()
    {
        HostProcess first = await StartAsync();
        await BeginAsync(first, new("g", new Start("parent", new Spawn("sibling", new AtGate("open"))) { Retry = new(1) }, new Start("keeps", new AtGate("open")), new Await("keeps")));
        await Stage.ReachedAsync("sibling:started");
        await EndAsync(first);
        // As if the parent's end had not been journaled: its turn and all later ones are cut off.
        List<IReadOnlyList<Engine.JournalEntry>> turns = await Journals.TurnsAsync(Journal, Stage.Id);
        int spawned = turns.FindIndex(turn => turn[0] is Engine.ChildSpawned);
        Stage.Open("open");
        HostProcess second = await StartAsync(await Journals.CutAsync(Journal, Stage.Id, spawned + 1));
        Assert.Equal("ok", await ResultAsync(second));
        Assert.Equal(2, Stage.Deliveries.Count(delivery => delivery.Child == "parent"));
        Assert.Single(await EventsAsync(second, Stage.Id), seen => seen is { Kind: WorkflowEventKind.ChildEnded, PathText: "g/sibling" });
        Assert.Equal(["parent", "keeps", "sibling"], Stage.Outcomes["g"].Select(outcome => outcome.Name));
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_PassesWhileNoProcessRuns_Counts()
    {
        HostProcess first = await StartAsync();
        await BeginAsync(first, new("g", new Start("a", new WaitForCancel()), new Await("a")) { Deadline = Seconds(10) });
        await Stage.ReachedAsync("a:started");
        await EndAsync(first);
        Host.Time.Advance(Seconds(11));
        HostProcess second = await StartAsync();
        PlanEnd end = await EndOfAsync(second);
        Assert.IsType<DeadlineExceededException>(end.Thrown);
        Assert.IsType<DeadlineExceededException>(Assert.Single(end.CallersFailures.Leaves).Exception);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_PartOfItPassesWhileNoProcessRuns_TheRestIsLeft()
    {
        HostProcess first = await StartAsync();
        await BeginAsync(first, new("g", new Start("a", new WaitForCancel()), new Await("a")) { Deadline = Seconds(10) });
        await Stage.ReachedAsync("a:started");
        await EndAsync(first);
        Host.Time.Advance(Seconds(7));
        HostProcess second = await StartAsync();
        await PassAsync(Seconds(3));
        Assert.IsType<DeadlineExceededException>((await EndOfAsync(second)).Thrown);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Deadline_OfAnyGroupAround_IsToldToTheWorker()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g",
            new Nest(new("n", new Start("a", new Succeed()), new Await("a")) { Deadline = Seconds(20) }),
            new Await("n"),
            new Start("b", new Succeed())) { Deadline = Seconds(10) });
        DateTimeOffset begun = Host.Time.GetUtcNow();
        Assert.Equal("ok", await ResultAsync(process));
        Assert.All(Stage.Deliveries, delivery => Assert.Equal(begun + Seconds(10), delivery.Deadline));
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Backoff_EndsWhileNoProcessRuns_TheNextAttemptBeginsAtOnce()
    {
        HostProcess first = await StartAsync();
        await BeginAsync(first, new("g", new Start("a", new FailUntil(2, Bad())) { Retry = new(2) }, new Await("a")));
        await Stage.GuardAsync(Host.Time.TimerStarted(Seconds(1)), "the backoff's timer");
        await EndAsync(first);
        Host.Time.Advance(Seconds(5));
        HostProcess second = await StartAsync();
        Assert.Equal("ok", await ResultAsync(second));
        Assert.Equal([1, 2], Stage.Deliveries.Select(delivery => delivery.Attempt));
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Shield_PartOfItsBoundPassesWhileNoProcessRuns_TheRestIsLeft()
    {
        HostProcess first = await StartAsync();
        await BeginAsync(first, new("g",
            new Nest(new("n", new Start("a", new WaitForCancel()), new Await("a")) { Shield = Seconds(10) }),
            new Start("w", new WaitForCancel()),
            new Start("fails", new AtGate("fail", new Fail(Bad()))),
            new Await("n")));
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("w:started");
        Stage.Open("fail");
        await Stage.ReachedAsync("w:cancelled");
        await EndAsync(first);
        Host.Time.Advance(Seconds(4));
        HostProcess second = await StartAsync();
        await Stage.ReachedAsync("a:started", 2);
        await PassAsync(Seconds(6));
        PlanEnd end = await EndOfAsync(second);
        Assert.Equal(OutcomeKind.Cancelled, end.KindOf("n", "a"));
        Assert.Equal(CancellationCauseKind.SiblingFailed, Stage.Causes["a"].Root.Kind);
    }

    private static SheafBuilder Branches(SheafBuilder sheaf) => sheaf.AddWorkflow<BranchesWorkflow>();

    private async Task AssertSameFromEveryTurnAsync(string result, Func<SheafBuilder, SheafBuilder> configure)
    {
        int turns = (await Journals.TurnsAsync(Journal, Stage.Id)).Count;
        Assert.InRange(turns, 5, 1000);
        for (int cut = 0; cut <= turns; cut++)
        {
            HostProcess resumed = await StartAsync(await Journals.CutAsync(Journal, Stage.Id, cut), configure);
            Assert.Equal(result, await ResultAsync(resumed));
            await AssertOneOutcomeAChildAsync(resumed, Stage.Id);
            await EndAsync(resumed);
        }

        Assert.Equal(0, Stage.Running);
    }
}
