using Sheaf.Crash.Tests.Workflows;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Crash.Tests.TestKit;

/// <summary>The crash test finds what it is for.</summary>
public sealed class CrashTestTests
{
    [Fact]
    [Trait("Rule", "D2")]
    public async Task Run_EffectIsNotIdempotent_NamesTheCrashPoints()
    {
        CrashTestException exception = await Assert.ThrowsAsync<CrashTestException>(() => CrashTest.RunAsync(Run.Workflow<Counts>(), "x", s => s.AddWorkflow<Counts>().AddWorker<CountDeliveries>()));
        // It is delivered again exactly where the journal has its start and not its end.
        Assert.All(exception.Violations, violation => Assert.StartsWith("it ended otherwise.", violation.What, StringComparison.Ordinal));
        Assert.Equal(
            ["CrashBeforeWrite 2", "CrashAfterWrite 1", "TakeoverBeforeWrite 2", "CrashBeforeEffect 1", "CrashAfterEffect 1"],
            exception.Violations.Select(violation => violation.Point.ToString()));
    }

    [Fact]
    public async Task Run_WorkflowGoesAnotherWayEachTime_SaysSo()
    {
        int runs = 0;
        CrashTestException exception = await Assert.ThrowsAsync<CrashTestException>(() => CrashTest.RunAsync(
            Run.Workflow<Repeats>(), "x", s => Registration.AddAll(s).AddWorkflow<Repeats>(), new() { WhenWaiting = [(client, id) => client.SignalAsync(id, "times", ++runs == 1 ? 3 : 1, key: "times")] }));
        Assert.Contains(exception.Violations, violation => violation.What.StartsWith("the run ended before this point", StringComparison.Ordinal));
    }

    [Theory]
    [Trait("Rule", "R14")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_BeginsAnewWhereAReadyChildIsLost_ItsKeysAreThoseOfItsOwnWay(bool nested)
    {
        Func<SheafBuilder, SheafBuilder> add = s => Registration.AddAll(s).AddWorkflow<BeginsAnew>().AddWorkflow<NestsAnew>();
        CrashTestReport report = await CrashTest.RunAsync<string, string>(nested ? Run.Workflow<NestsAnew>() : Run.Workflow<BeginsAnew>(), "x", add);
        Assert.Contains("x is ready", report.Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_TheTestsOwnCheckFails_IsAViolationOfThatRun()
    {
        CrashTestException exception = await Assert.ThrowsAsync<CrashTestException>(() => CrashTest.RunAsync(
            Run.Workflow<FailFast>(), "x", Registration.AddAll, new() { AfterRun = run => run == 2 ? throw new InvalidOperationException("two bookings") : Task.CompletedTask }));
        Assert.Equal("WriteFails 2: the test's own check failed: two bookings", Assert.Single(exception.Violations).ToString());
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Run_JournalLetsAStaleWriterIn_IsAViolationOfTheTakeover()
    {
        Dictionary<int, NoFence> journals = [];
        CrashTestException exception = await Assert.ThrowsAsync<CrashTestException>(() => CrashTest.RunAsync(
            Run.Workflow<FailFast>(), "x", Registration.AddAll, new() { OpenJournal = run => journals.TryGetValue(run, out NoFence? there) ? there : journals[run] = new NoFence() }));
        Assert.All(exception.Violations, violation => Assert.Equal(CrashKind.TakeoverBeforeWrite, violation.Point!.Value.Kind));
        Assert.Contains(exception.Violations, violation => violation.What.Contains("was accepted (D5)", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task Run_HostIsStoppedWhileWorkersRun_ItsGoodbyeIsJournaledEachTime()
    {
        for (int i = 0; i < 5; i++)
        {
            Dictionary<int, MemoryJournal> journals = [];
            CrashTestReport report = await CrashTest.RunAsync(
                Run.Workflow<FailFast>(), "x", Registration.AddAll, new() { Id = "w", OpenJournal = run => journals.TryGetValue(run, out MemoryJournal? there) ? there : journals[run] = new MemoryJournal() });
            int[] stops = [.. report.Points.Index().Where(point => point.Item.Kind == CrashKind.StopWhileWaiting).Select(point => point.Index + 1)];
            Assert.NotEmpty(stops);
            // Two workers run all the time, and nothing else while everything waits.
            foreach (int run in stops)
            {
                List<JournalEntry> entries = await JournalReading.ReadAllAsync(journals[run], "w", CancellationToken.None);
                Assert.Equal([new(new ChildId(1, 0), 1), new(new ChildId(2, 0), 1)], Assert.Single(entries.OfType<OwnerStopped>()).Deliveries);
            }
        }
    }

    [Fact]
    public async Task Run_WaitsForWhatNobodyBrings_Stalls() =>
        await Assert.ThrowsAsync<WorkflowStalledException>(() => CrashTest.RunAsync(Run.Workflow<EveryKind>(), "x", Registration.AddAll));

    /// <summary>Gives what differs from delivery to delivery, which a worker must not.</summary>
    [Worker("count/v1")]
    public sealed class CountDeliveries : Worker<string, long>
    {
        public override Task<long> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(context.FencingToken);
    }

    [Workflow("counts/v1")]
    public sealed class Counts : Workflow<string, long>
    {
        public override Task<long> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group => await group.Start(Run.Worker<CountDeliveries>(), input));
    }

    [Workflow("repeats/v1")]
    public sealed class Repeats : Workflow<string, int>
    {
        public override async Task<int> RunAsync(string input, WorkflowContext workflow)
        {
            int times = await workflow.WaitForAsync<int>("times");
            for (int i = 0; i < times; i++) await workflow.Step("again", _ => Task.CompletedTask);
            return 0;
        }
    }

    /// <summary>Begins anew where its server is lost, and opens a group inside in the end: in a place where it has other children when it has begun anew.</summary>
    [Workflow("begins-anew/v1")]
    public sealed class BeginsAnew : Workflow<string, string>
    {
        public override async Task<string> RunAsync(string input, WorkflowContext workflow)
        {
            while (true)
            {
                string used = "";
                try
                {
                    await workflow.GroupAsync("uses", async group =>
                    {
                        string ready = await group.StartAsync(Run.Worker<Serve>(), input, new() { Retry = new() { InitialDelay = TimeSpan.FromMinutes(1), Jitter = 0 } });
                        await group.Step("between", _ => Task.CompletedTask);
                        used = await group.GroupAsync("inside", async inside => await inside.Start(Run.Worker<Echo>(), ready));
                        group.Cancel("used");
                    });
                    return used;
                }
                catch (ExceptionGroup failures) when (failures.Contains<WorkerLostException>())
                {
                    // Once more.
                }
            }
        }
    }

    [Workflow("nests-anew/v1")]
    public sealed class NestsAnew : Workflow<string, string>
    {
        public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group => await group.Start(Run.Workflow<BeginsAnew>(), input));
    }

    /// <summary>Takes every append for the owner's.</summary>
    private sealed class NoFence : IJournal
    {
        private readonly MemoryJournal _inner = new();

        public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
        {
            List<JournalCommit> current = [];
            foreach (JournalCommit commit in commits)
            {
                long epoch = (await _inner.FindAsync(commit.Workflow, cancellationToken))?.Epoch ?? 1;
                current.Add(new JournalCommit(commit.Workflow, epoch, commit.FirstSequence, commit.Count, commit.Body) { Creates = commit.Creates, EndsAs = commit.EndsAs, EndedAt = commit.EndedAt });
            }

            return await _inner.AppendAsync(current, cancellationToken);
        }

        public Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default) => _inner.ClaimAsync(workflow, owner, cancellationToken);

        public Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default) =>
            _inner.ClaimAbandonedAsync(liveOwners, owner, limit, cancellationToken);

        public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default) => _inner.ReleaseAsync(owner, cancellationToken);

        public IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, CancellationToken cancellationToken = default) => _inner.ReadAsync(workflow, fromSequence, cancellationToken);

        public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default) => _inner.TrimAsync(workflow, beforeSequence, cancellationToken);

        public Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default) => _inner.FindAsync(workflow, cancellationToken);

        public IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) => _inner.ListAsync(status, cancellationToken);

        public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default) => _inner.PurgeAsync(endedBefore, limit, cancellationToken);
    }
}
