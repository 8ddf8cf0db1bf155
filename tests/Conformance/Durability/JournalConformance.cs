namespace Sheaf.Conformance;

/// <summary>D4, D5: journal before effect, and commits of which nobody knows whether they were written.</summary>
[Needs(Capabilities.Durable)]
public abstract class JournalConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly TimeSpan UntilTheNextTry = TimeSpan.FromMilliseconds(100);

    private static readonly GroupPlan Plan = new("g",
        new Start("a", new Succeed("1")),
        new Start("b", new Spawn("c", new Succeed())),
        new Await("a"),
        new Nest(new("n", new Start("d", new Fail(new(ErrorType.Format, "bad"))), new Start("e", new WaitForCancel()), new Await("e"))),
        new TryAwait("n"),
        new Start("f", new Succeed("2")),
        new Await("f"));

    [Fact]
    [Trait("Rule", "D4")]
    public async Task Commit_IsNotDone_NothingIsDelivered()
    {
        TestJournal journal = new(Stage) { Gate = "disk" };
        HostProcess process = await StartAsync(journal);
        Task begun = BeginAsync(process, Plan);
        await Stage.ReachedAsync("append");
        Assert.Empty(Stage.Deliveries);
        Stage.Open("disk");
        await begun;
        Assert.Equal("1,2", await ResultAsync(process));
        List<string> events = [.. Stage.Events];
        Assert.All(["a", "b", "d", "e", "f"], name => Assert.InRange(events.IndexOf($"committed:{name}"), 0, events.IndexOf($"{name}:started")));
    }

    [Theory]
    [Trait("Rule", "D4")]
    [Trait("Rule", "D5")]
    [InlineData(FailAppend.BeforeTheWrite)]
    [InlineData(FailAppend.AfterTheWrite)]
    public async Task Commit_IsUnknown_AtEachPlace_GivesTheSameResult(FailAppend how)
    {
        bool failed = true;
        int failures = 0;
        for (int at = 1; failed; at++)
        {
            Stage stage = new();
            TestJournal journal = new(stage) { FailAt = at, How = how };
            HostProcess process = await StartAsync(journal);
            Task<string> result = process.Client.RunAsync(Run.Workflow<PlanWorkflow>(), stage.Id, new PlanInput(stage.Id, Plan));
            await Task.WhenAny(result, PassAsync(UntilTheNextTry, timers: failures + 1));
            Assert.Equal("1,2", await stage.GuardAsync(result, $"the result, with append {at} failing"));
            await AssertOneOutcomeAChildAsync(process, stage.Id);
            await EndAsync(process);
            failed = journal.HasFailed;
            failures++;
        }

        Assert.InRange(failures, 4, 100);
        // Nobody waits for the timer that the last run, which had no failure, did not start.
        Host.Time.CreateTimer(_ => { }, null, UntilTheNextTry, Timeout.InfiniteTimeSpan).Dispose();
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Commit_IsUnknownAndTheJournalStaysAwayForAWhile_GoesOnWhenItIsBack()
    {
        TestJournal journal = new(Stage) { FailAt = 2, FailReads = 2 };
        HostProcess process = await StartAsync(journal);
        Task<string> result = process.Client.RunAsync(Run.Workflow<PlanWorkflow>(), Stage.Id, new PlanInput(Stage.Id, Plan));
        for (int i = 1; i <= 3 && !result.IsCompleted; i++) await Task.WhenAny(result, PassAsync(UntilTheNextTry, timers: i));
        Assert.Equal("1,2", await Stage.GuardAsync(result, "the result"));
    }
}
