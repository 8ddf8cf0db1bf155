using Microsoft.Extensions.Time.Testing;
using Sheaf.Engine;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>D7: who comes while a workflow that only waits leaves memory is not turned away.</summary>
public sealed class LeavingRaceTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);
    private static readonly SheafOptions Options = new() { IdleTimeout = Idle };
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;

    private readonly TimerTime _time = new();
    private readonly HookedJournal _journal = new();
    private readonly ScriptTable _scripts = new();
    private readonly TaskCompletionSource _marking = NewSource();
    private readonly TaskCompletionSource _disposing = NewSource();
    private readonly TaskCompletionSource _open = NewSource();

    public LeavingRaceTests() => _scripts.Workflows["two"] = async workflow =>
        await workflow.WaitForAsync<string>("a") + await workflow.WaitForAsync<string>("b");

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Signal_WhileTheMarkIsWritten_FindsTheActorThatStays()
    {
        HoldMarks();
        await using ScriptHost host = Host();
        WorkflowActor actor = await StartAsync(host);
        await _marking.Task.WaitAsync(Guard, Token);
        Task<bool> signal = host.Client.SignalAsync("w", "a", "1", cancellationToken: Token);
        _open.SetResult();
        Assert.True(await signal.WaitAsync(Guard, Token));
        Assert.Same(actor, host.Host.Workflows.Find("w"));
        // What it had said of itself is taken back with what came.
        Assert.Null((await _journal.FindAsync("w", Token))!.WakesAt);
        Assert.True(await host.Client.SignalAsync("w", "b", "2", cancellationToken: Token));
        Assert.Equal("12", await host.Client.ResultAsync<string>("w", Token).WaitAsync(Guard, Token));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Waiter_WhileTheMarkIsWritten_KeepsTheActor()
    {
        HoldMarks();
        await using ScriptHost host = Host();
        WorkflowActor actor = await StartAsync(host);
        await _marking.Task.WaitAsync(Guard, Token);
        Task<string> result = host.Client.ResultAsync<string>("w", Token);
        _open.SetResult();
        await host.Client.SignalAsync("w", "a", "1", cancellationToken: Token);
        Assert.Same(actor, host.Host.Workflows.Find("w"));
        await host.Client.SignalAsync("w", "b", "2", cancellationToken: Token);
        Assert.Equal("12", await result.WaitAsync(Guard, Token));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Letters_WhenItHasLeftAndIsStillThere_ReachTheNextOneInTheirOrder()
    {
        await using ScriptHost host = Host(new SlowService(_disposing, _open.Task));
        WorkflowActor actor = await StartAsync(host);
        await _disposing.Task.WaitAsync(Guard, Token);
        Assert.True(actor.HasLeft);
        Assert.Null(actor.TryHold());
        (string Name, string Value)[] sent = [("a", "1"), ("b", "2"), ("b", "3")];
        Task<bool>[] signals = [.. sent.Select(signal => host.Client.SignalAsync("w", signal.Name, signal.Value, cancellationToken: Token))];
        Task<string> result = host.Client.ResultAsync<string>("w", Token);
        Assert.All(signals, signal => Assert.False(signal.IsCompleted));
        Assert.False(result.IsCompleted);
        _open.SetResult();
        Assert.Equal("12", await result.WaitAsync(Guard, Token));
        bool[] hadEffect = await Task.WhenAll(signals).WaitAsync(Guard, Token);
        Assert.Equal((true, true), (hadEffect[0], hadEffect[1]));
    }

    [Fact]
    [Trait("Rule", "D2")]
    public async Task EndOfALeaf_WhenItHasLeft_IsLateAndAcknowledged()
    {
        await using ScriptHost host = Host(new SlowService(_disposing, _open.Task));
        WorkflowActor actor = await StartAsync(host);
        await _disposing.Task.WaitAsync(Guard, Token);
        LetterAnswer answer = new();
        actor.Post(new Letter(new LeafEnded(new ChildId(0, 0), 1, 1, Result.Succeeded("1"), _time.GetUtcNow()), answer));
        Assert.False(await answer.Task.WaitAsync(Guard, Token));
        Assert.Equal(1, host.Host.Context.LateEnds);
        _open.SetResult();
        await actor.WhenLetGo.WaitAsync(Guard, Token);
        Assert.True(host.Host.Workflows.IsAway("w"));
    }

    [Theory]
    [Trait("Rule", "D5")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Mark_WhoseAnswerIsLost_LeavesTheActorThereAndIsTriedAgain(bool isWritten)
    {
        int marks = 0;
        Task Fail(IReadOnlyList<JournalCommit> commits) => IsMark(commits) && ++marks == 1 ? throw new IOException("away") : Task.CompletedTask;
        if (isWritten) _journal.AfterAppend = Fail;
        else _journal.BeforeAppend = Fail;
        await using ScriptHost host = Host();
        WorkflowActor actor = await StartAsync(host);
        await _time.TimerStarted(Idle, 2).WaitAsync(Guard, Token);
        Assert.Same(actor, host.Host.Workflows.Find("w"));
        _time.Advance(Idle);
        await actor.WhenLetGo.WaitAsync(Guard, Token);
        Assert.Equal((true, 2), (actor.HasLeft, marks));
        Assert.Equal(DateTimeOffset.MaxValue, (await _journal.FindAsync("w", Token))!.WakesAt);
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Mark_OfAStaleOwner_IsRefused()
    {
        await using ScriptHost host = Host();
        await host.StartAsync("w", "two");
        await _time.TimerStarted(Idle).WaitAsync(Guard, Token);
        WorkflowActor actor = host.Host.Workflows.Find("w")!;
        await _journal.ClaimAsync("w", "another", Token);
        _time.Advance(Idle);
        await actor.WhenLetGo.WaitAsync(Guard, Token);
        Assert.False(actor.HasLeft);
        Assert.Null((await _journal.FindAsync("w", Token))!.WakesAt);
        Assert.False(host.Host.Workflows.IsAway("w"));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Wake_OfOneThatAnotherHasClaimed_LeavesItToThat()
    {
        _scripts.Workflows["day"] = async workflow =>
        {
            await workflow.DelayAsync(TimeSpan.FromDays(1));
            return "done";
        };
        await using ScriptHost host = Host();
        WorkflowActor actor = await StartAsync(host, "day");
        await actor.WhenLetGo.WaitAsync(Guard, Token);
        await _journal.ClaimAsync("w", "another", Token);
        TaskCompletionSource looked = NewSource();
        _journal.BeforeFind = () => looked.TrySetResult();
        _time.Advance(TimeSpan.FromDays(1));
        await looked.Task.WaitAsync(Guard, Token);
        await host.Host.StopAsync(Token);
        Assert.Equal(("another", 2L), (await _journal.Inner.FindAsync("w", Token)) is { } header ? (header.Owner!, header.Epoch) : default);
        Assert.Equal(0, host.Host.Workflows.InMemory);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task StartAgain_OfOneThatIsAway_GivenUpMeanwhile_DoesNotLoseIt()
    {
        await using ScriptHost host = Host();
        await (await StartAsync(host)).WhenLetGo.WaitAsync(Guard, Token);
        Assert.False(await host.StartAsync("w", "two").WaitAsync(Guard, Token));
        await _time.TimerStarted(Idle, 2).WaitAsync(Guard, Token);
        WorkflowActor again = host.Host.Workflows.Find("w")!;
        _time.Advance(Idle);
        await again.WhenLetGo.WaitAsync(Guard, Token);

        // Who starts it a third time leaves while the journal is asked.
        using CancellationTokenSource left = new();
        _journal.BeforeFind = left.Cancel;
        await Record.ExceptionAsync(() => host.Client.StartAsync(Run.Workflow<ScriptedWorkflow>(), "w", "two", left.Token).WaitAsync(Guard, Token));
        _journal.BeforeFind = () => { };
        await _time.TimerStarted(Idle, 3).WaitAsync(Guard, Token);
        Assert.NotNull(host.Host.Workflows.Find("w"));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Signals_ToOneThatLeavesAgainAndAgain_AreTakenOnceAndInOrder()
    {
        const int Count = 300;
        _scripts.Workflows["many"] = async workflow =>
        {
            List<string> taken = [];
            while (taken.Count < Count) taken.Add(await workflow.WaitForAsync<string>("item"));
            return string.Join(' ', taken);
        };
        // The machine's own clock: it leaves between any two signals, or while one comes.
        await using ScriptHost host = new(_scripts, _journal, new SheafOptions { IdleTimeout = TimeSpan.FromTicks(1) });
        await host.StartAsync("w", "many");
        for (int i = 0; i < Count; i++)
        {
            // Now at once, now only when it has gone.
            if (i % 3 == 0 && host.Host.Workflows.Find("w") is { } actor) await actor.WhenLetGo.WaitAsync(Guard, Token);
            Assert.True(await host.Client.SignalAsync("w", "item", $"{i}", $"{i}", Token).WaitAsync(Guard, Token));
        }

        Assert.Equal(string.Join(' ', Enumerable.Range(0, Count)), await host.Client.ResultAsync<string>("w", Token).WaitAsync(Guard, Token));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Rest_ThatIsDueWhileTheWorkflowContinuesAsNew_BeginsAgainInTheNextRun()
    {
        TaskCompletionSource signalled = NewSource();
        _scripts.Workflows["next"] = async workflow =>
        {
            string a = await workflow.WaitForAsync<string>("a");
            workflow.ContinueWith("\"two\"");
            return a;
        };
        await using ScriptHost host = Host();
        await host.StartAsync("w", "next");
        await _time.TimerStarted(Idle).WaitAsync(Guard, Token);
        WorkflowActor actor = host.Host.Workflows.Find("w")!;
        _journal.BeforeAppend = commits =>
        {
            signalled.TrySetResult();
            return _open.Task;
        };
        Task signal = host.Client.SignalAsync("w", "a", "1", cancellationToken: Token);
        await signalled.Task.WaitAsync(Guard, Token);
        // Another that is due with it, of which the journal is asked once the first has been told.
        TaskCompletionSource told = NewSource();
        _journal.BeforeFind = () => told.TrySetResult();
        host.Host.Workflows.Wheel.Set("x", 1, _time.GetUtcNow() + Idle);
        _time.Advance(Idle);
        await told.Task.WaitAsync(Guard, Token);
        _open.SetResult();
        await signal.WaitAsync(Guard, Token);
        await _time.TimerStarted(Idle, 2).WaitAsync(Guard, Token);
        _time.Advance(Idle);
        await actor.WhenLetGo.WaitAsync(Guard, Token);
        Assert.True(host.Host.Workflows.IsAway("w"));
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task FindUnrun_WhatIsAwayByAnOwnershipBefore_IsTakenUp()
    {
        await using ScriptHost host = Host();
        await (await StartAsync(host)).WhenLetGo.WaitAsync(Guard, Token);
        Assert.Empty(await host.Host.Workflows.FindUnrunAsync(DateTimeOffset.MaxValue, Token));
        // Another has it for a while and goes on with it; then it is claimed here by a call whose answer is lost.
        await _journal.ClaimAsync("w", "another", Token);
        await _journal.AppendAsync([new JournalCommit("w", 2, (await LengthAsync()), [new SignalReceived(_time.GetUtcNow(), "a", "\"1\"", null)])], Token);
        await _journal.ClaimAsync("w", host.Host.Context.OwnerName, Token);
        Assert.Equal("w", Assert.Single(await host.Host.Workflows.FindUnrunAsync(DateTimeOffset.MaxValue, Token)).Id.Value);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_OfAnIdWhoseWorkflowWasAwayHereAndIsGone_DoesNotWaitForIt()
    {
        await _journal.CreateAsync(new WorkflowHeader { Id = "w", Workflow = "scripted/v1", Input = "\"two\"", CreatedAt = _time.GetUtcNow(), Owner = "first", Epoch = 1 }, Token);
        await using ScriptHost host = Host();
        Assert.False(await host.StartAsync("w", "two"));
        await _time.TimerStarted(Idle).WaitAsync(Guard, Token);
        WorkflowActor actor = host.Host.Workflows.Find("w")!;
        _time.Advance(Idle);
        await actor.WhenLetGo.WaitAsync(Guard, Token);
        // It ends elsewhere, is purged, and its id is taken there again.
        await _journal.ClaimAsync("w", "another", Token);
        await _journal.AppendAsync([new JournalCommit("w", 3, await LengthAsync(), []) { EndsAs = WorkflowStatus.Cancelled, EndedAt = _time.GetUtcNow() }], Token);
        Assert.Equal(1, await _journal.PurgeAsync(DateTimeOffset.MaxValue, 1, Token));
        await _journal.CreateAsync(new WorkflowHeader { Id = "w", Workflow = "scripted/v1", Input = "\"two\"", CreatedAt = _time.GetUtcNow(), Owner = "another", Epoch = 1 }, Token);
        Assert.False(await host.StartAsync("w", "two").WaitAsync(Guard, Token));
        Assert.False(host.Host.Workflows.IsAway("w"));
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool IsMark(IReadOnlyList<JournalCommit> commits) => commits is [{ Count: 0, WakesAt: not null }];

    private async Task<long> LengthAsync() => (await JournalReading.ReadAllAsync(_journal, "w", Token)).Count;

    private void HoldMarks() => _journal.BeforeAppend = commits =>
    {
        if (!IsMark(commits)) return Task.CompletedTask;
        _marking.TrySetResult();
        return _open.Task;
    };

    private ScriptHost Host(SlowService? service = null) => new(_scripts, _journal, Options, _time, service);

    /// <summary>Starts a workflow and lets it rest for long enough.</summary>
    private async Task<WorkflowActor> StartAsync(ScriptHost host, string script = "two")
    {
        await host.StartAsync("w", script);
        await _time.TimerStarted(Idle).WaitAsync(Guard, Token);
        WorkflowActor actor = host.Host.Workflows.Find("w")!;
        _time.Advance(Idle);
        return actor;
    }
}

/// <summary>A service of a workflow's whose end a test holds back: then its actor has left, and is still there.</summary>
internal sealed class SlowService(TaskCompletionSource disposing, Task open) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        disposing.TrySetResult();
        await open;
    }
}

/// <summary>Fake time that tells when somebody has begun to wait on it.</summary>
internal class TimerTime : FakeTimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _made = [];
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        TaskCompletionSource change;
        lock (_gate)
        {
            _made.Add(dueTime);
            change = _change;
            _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        change.TrySetResult();
        return timer;
    }

    /// <summary>Completes once so many timers have been started that are due in exactly this time.</summary>
    public async Task TimerStarted(TimeSpan dueIn, int count = 1)
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                if (_made.Count(made => made == dueIn) >= count) return;
                change = _change.Task;
            }

            await change;
        }
    }
}
