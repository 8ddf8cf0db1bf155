using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>R9 on the embedded host: what it costs to give a worker up, and what comes of it later.</summary>
public sealed class AbandonedWorkerTests
{
    // The tests look at the clock's timers: there are none but the workflow's own.
    private static readonly SheafOptions NeverIdle = new() { IdleTimeout = Timeout.InfiniteTimeSpan };

    private readonly ScriptTable _scripts = new();
    private readonly TestTime _time = new();
    private readonly TaskCompletionSource _running = Guard.Signal();
    private readonly TaskCompletionSource _gate = Guard.Signal();

    public AbandonedWorkerTests()
    {
        _scripts.Workers["ignores"] = async (_, _) =>
        {
            _running.TrySetResult();
            await _gate.Task;
            return "late";
        };
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start("a", Run.Worker<ScriptedWorker>(), "ignores"));
        _scripts.Workflows["endless"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start("a", Run.Worker<ScriptedWorker>(), "ignores"), new() { GracePeriod = Timeout.InfiniteTimeSpan });
        _scripts.Workflows["branch"] = workflow => workflow.GroupAsync<string>(
            "g", async group => await group.Branch("b", context => context.Step("s", async _ =>
            {
                _running.TrySetResult();
                await _gate.Task;
                return "late";
            }).AsTask()), new() { GracePeriod = TimeSpan.FromSeconds(5) });
    }

    [Theory]
    [Trait("Rule", "R9")]
    [InlineData("w", 30)]
    [InlineData("branch", 5)]
    public async Task Cancelled_WorkerIgnoresIt_WorkflowEndsAfterGraceAndHostStopsAtOnce(string script, int graceSeconds)
    {
        await using ScriptHost host = new(_scripts, options: NeverIdle, time: _time);
        Task<string> end = host.RunAsync(script, script);
        await _running.Task.Within("the leaf's start");
        await host.Client.CancelAsync(new(script)).Within("the cancellation");
        Assert.Equal(TimeSpan.FromSeconds(graceSeconds), await _time.NextTimer());
        _time.Advance(TimeSpan.FromSeconds(graceSeconds));
        ExceptionGroup failures = await Guard.Throws<ExceptionGroup>(() => end);
        Assert.True(failures.Contains<ChildAbandonedException>());
        WorkflowDescription description = (await host.Client.DescribeAsync(new(script)))!;
        Assert.Equal(WorkflowStatus.Failed, description.Status);
        ChildDescription leaf = description.Children[0].Children[0];
        Assert.Equal(OutcomeKind.Abandoned, (leaf.Children is [var inner] ? inner : leaf).Outcome);

        // It runs, and nobody waits for it: neither the workflow nor the host that stops.
        await host.Host.StopAsync(default).Within("the host's stop");
        Assert.Equal(0, host.Host.Context.Busy);
        _gate.SetResult();
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "D2")]
    public async Task Abandoned_WorkerEndsLater_IsCountedAsLateAndJournaledNowhere()
    {
        MemoryJournal journal = new();
        TaskCompletionSource left = Guard.Signal();
        _scripts.Workflows["goes on"] = async workflow =>
        {
            Outcome nested = await workflow.GroupAsync("g", async group =>
            {
                ChildTask<string> child = group.Start("a", Run.Worker<ScriptedWorker>(), "ignores");
                await group.WaitForAsync<string>("stop");
                group.Cancel("enough");
                await child;
            }).OutcomeAsync();
            left.SetResult();
            return await workflow.WaitForAsync<string>("end") + nested.Kind;
        };
        await using ScriptHost host = new(_scripts, journal, NeverIdle, _time);
        Task<string> end = host.RunAsync("w", "goes on");
        await _running.Task.Within("the worker's start");
        await host.Client.SignalAsync(new("w"), "stop", "").Within("the signal");
        Assert.Equal(TimeSpan.FromSeconds(30), await _time.NextTimer());
        _time.Advance(TimeSpan.FromSeconds(30));
        await left.Task.Within("the nested group's end");
        _gate.SetResult();
        await CountedAsync(host).Within("the late end to be counted");
        await host.Client.SignalAsync(new("w"), "end", "nested ").Within("the signal");
        Assert.Equal("nested Failed", await end.Within("the workflow's end"));
        List<JournalEntry> entries = await JournalReading.ReadAllAsync(journal, new("w"), CancellationToken.None);
        Assert.Empty(entries.OfType<ChildEnded>());
        Assert.Equal(TimerKind.Grace, Assert.Single(entries.OfType<TimerFired>()).Kind);
    }

    [Fact]
    [Trait("Rule", "R9")]
    public async Task EndlessGrace_WorkerIgnoresCancellation_IsWaitedFor()
    {
        await using ScriptHost host = new(_scripts, options: NeverIdle, time: _time);
        Task<string> end = host.RunAsync("w", "endless");
        await _running.Task.Within("the worker's start");
        await host.Client.CancelAsync(new("w")).Within("the cancellation");
        _time.Advance(TimeSpan.FromDays(1));
        _gate.SetResult();
        Assert.Equal("late", await end.Within("the workflow's end"));
    }

    [Fact]
    [Trait("Rule", "R9")]
    [Trait("Rule", "D7")]
    public void Owed_ScopeIsCancelledAndLeavesRun_StartsTheRestOfTheGraceAgain()
    {
        WorkflowState state = new(new("w"));
        DateTimeOffset at = DateTimeOffset.UnixEpoch;
        NoEffects nothing = new();
        Transitions.Apply(state, new WorkflowStarted(at), nothing);
        Transitions.Apply(state, new StartChild(new ChildId(0, 0), ChildKind.Worker, "a") { Worker = "w" }, nothing);
        Transitions.Apply(state, new CancelRequested(at.AddSeconds(3), null, null), nothing);
        Timers started = new();
        Owed.Timers(state, started);
        Assert.Equal([(TimerKey.Of(0, TimerKind.Grace), at.AddSeconds(33))], started.Started);
        Assert.Null(Intake.ToEvent(state, new TimerDue(TimerKey.Of(0, TimerKind.Deadline), 0), at.AddSeconds(33)));
        Transitions.Apply(state, Intake.ToEvent(state, new TimerDue(TimerKey.Of(0, TimerKind.Grace), 0), at.AddSeconds(33))!, nothing);
        Assert.Equal(OutcomeKind.Abandoned, state.Root.Children[0].Result!.Kind);
        Assert.Null(Intake.ToEvent(state, new LeafEnded(new ChildId(0, 0), 1, 1, Result.Succeeded("1"), at), at.AddSeconds(34)));
        Assert.Null(Intake.ToEvent(state, new TimerDue(TimerKey.Of(0, TimerKind.Grace), 0), at.AddSeconds(34)));
    }

    private static async Task CountedAsync(ScriptHost host)
    {
        while (host.Host.Context.LateEnds == 0) await Task.Yield();
    }

    private sealed class Timers : NoEffects
    {
        public List<(TimerKey Key, DateTimeOffset DueAt)> Started { get; } = [];

        public override void StartTimer(TimerKey key, DateTimeOffset dueAt) => Started.Add((key, dueAt));
    }
}
