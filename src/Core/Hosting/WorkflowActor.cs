using Microsoft.Extensions.Logging;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Hosting;

/// <summary>The shell around one workflow's engine: takes inputs, runs turns, journals them, and only then acts (D4).</summary>
/// <remarks>
/// <para>One loop a workflow. Its states: new → running ⇄ stuck → ended, or loading (fold and replay) → running for one that
/// was there before; from any of them back to loading when the journal's answer is not known (D5), to lost when another
/// owner has taken the workflow, and from new to given way when its id was taken.</para>
/// <para>A new workflow is created by the commit of its first turn. An input leaves the mailbox when it is applied and
/// journaled. Until then it is kept and, after loading again, applied again: the fence drops what was journaled after all.</para>
/// </remarks>
internal sealed partial class WorkflowActor : IDisposable
{
    /// <summary>So many inputs go into one commit at the most: a commit's size stays bounded, however many children end at once.</summary>
    private const int MaxBatch = 1024;

    /// <summary>And no more once their values and failures have so many characters of JSON, which bounds it where those are large.</summary>
    private const int MaxBatchCharacters = 4 * 1024 * 1024;

    private readonly HostContext _host;
    private readonly WorkflowOwner _owner;
    private readonly Mailbox _mailbox;
    private readonly Queue<Letter> _kept = new();
    private readonly IChildRunner _children;
    private readonly WorkflowTimers _timers;
    private readonly TaskCompletionSource<CreateResult> _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();

    // Guarded by _gate: who waits sees the current one, and a stuck workflow gets a new one when it tries again.
    private TaskCompletionSource<WorkflowEnd> _end = NewEnd();
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _stuckReason;

    private readonly WorkflowHeader _header;
    private readonly Begin _begin;
    private readonly WorkflowTraces _traces;

    // The loop's own.
    private WorkflowRun _run = null!;
    private WorkflowCode? _code;
    private long _nextSequence;

    // In a row.
    private int _failedCommits;

    // Whether the next commit creates the workflow.
    private bool _isNew;

    // Whether all that was applied is journaled, and nothing else is under way.
    private bool _isAtRest;

    // Null unless the id was taken.
    private WorkflowHeader? _givesWayTo;

    // Whether this actor has run before: then no delivery of its own process can be lost, only not handed out yet.
    private bool _isReload;

    /// <summary>Makes the actor; <see cref="RunAsync"/> sets it going.</summary>
    /// <param name="owner">Whose it is: its host's.</param>
    /// <param name="header">The workflow, owned by the host; or to be created, if it is new.</param>
    /// <param name="isNew">Whether it is to be created.</param>
    /// <param name="begin">For a new one, what its code begins with.</param>
    /// <param name="children">Makes what runs its leaves, given how to post to this actor.</param>
    public WorkflowActor(WorkflowOwner owner, WorkflowHeader header, bool isNew, Begin begin, Func<Action<Letter>, IChildRunner> children)
    {
        HostContext host = owner.Host;
        _owner = owner;
        _host = host;
        _mailbox = new Mailbox(host.Probe);
        _header = header;
        _isNew = isNew;
        _begin = begin;
        _traces = new WorkflowTraces(header.Id, header.Workflow);
        _children = children(Post);
        _timers = new WorkflowTimers(host.Time, (due, run) => Post(new Letter(due) { Run = run }));
        if (!isNew) _created.SetResult(new CreateResult(false, header));
    }

    /// <summary>Ends when the workflow is there, durably: created by this actor, or by whoever was first.</summary>
    public Task<CreateResult> WhenCreated => _created.Task;

    /// <summary>Whether it was made to create this very workflow.</summary>
    public bool Creates(WorkflowHeader header) => ReferenceEquals(header, _header);

    /// <summary>The ownership that it writes under.</summary>
    public long Epoch => _header.Epoch;

    /// <summary>What is known of children that run, beside the journal.</summary>
    public IRunningView View => _children.View;

    public string? StuckReason
    {
        get
        {
            lock (_gate) return _stuckReason;
        }
    }

    /// <summary>Ends with the workflow; fails while it is stuck, and when it is lost or the host stops.</summary>
    public Task<WorkflowEnd> WhenEnded
    {
        get
        {
            lock (_gate) return _end.Task;
        }
    }

    /// <summary>Completes at the next commit, end or stop. Ask for it before reading the journal, or a commit is missed.</summary>
    public Task WhenProgress
    {
        get
        {
            lock (_gate) return _progress.Task;
        }
    }

    public void Post(Letter letter)
    {
        if (_mailbox.TryWrite(letter)) return;
        if (HasLeft)
        {
            PostLate(letter);
            return;
        }

        if (letter.Input is LeafEnded ended) _host.OnLate(_header.Id, ended);
        if (letter.Done is not { } done) return;
        if (_refusal is { } reason) done.OnRefused(reason);
        else done.OnDone(WasDone(letter.Input));
    }

    public void Dispose()
    {
        _mailbox.Close();
        _timers.Dispose();
    }

    /// <summary>Runs until the workflow has ended or the host stops. Failures end up in <see cref="WhenEnded"/> and the log.</summary>
    public async Task RunAsync()
    {
        try
        {
            await LoadAsync().ConfigureAwait(false);
            while (!_run.State.HasEnded)
            {
                ThrowIfLost();
                if (_run.Stuck is not null && !_isNew)
                {
                    await WaitForHelpAsync().ConfigureAwait(false);
                    continue;
                }

                if (_run.State.ContinuesWith is not null)
                {
                    // A workflow that never waits between its runs takes letters only here: signals are kept for the next run, and a cancellation that has
                    // come meanwhile is the end.
                    await TakeBatchAsync().ConfigureAwait(false);
                    if (_run is { Stuck: null, State.ContinuesWith: not null }) await ContinueAsNewAsync().ConfigureAwait(false);
                    continue;
                }

                if (_kept.Count == 0) BeginRest();
                SayWhereItWaitsForNothing();
                _isAtRest = true;
                if (_kept.Count == 0 && !await _mailbox.WaitToReadAsync(_host.Stopping).ConfigureAwait(false)) break;
                _isAtRest = false;
                await TakeBatchAsync().ConfigureAwait(false);
                if (_isRestDue && await TryLeaveAsync().ConfigureAwait(false)) break;
            }

            if (_run.State.Result is { } result) Complete(end => end.TrySetResult(new WorkflowEnd(result, _run.State.HasStarted ? _run.State.Root.Cause : null)));
        }
        catch (OperationCanceledException) when (_host.Stopping.IsCancellationRequested)
        {
            if (_isAtRest && _host.StopsInOrder) await SayGoodbyeAsync().ConfigureAwait(false);
            Fail(new OperationCanceledException($"The host stopped before workflow '{_header.Id}' had ended."));
        }
        catch (GivenWayException givenWay)
        {
            Fail(givenWay);
        }
        catch (OwnerLostException lost)
        {
            HostLog.WorkflowLost(_host.Logger, _header.Id.Value);
            Fail(lost);
        }
        catch (Exception error)
        {
            HostLog.WorkflowStopped(_host.Logger, _header.Id.Value, error);
            Fail(error);
        }
        finally
        {
            TellOver();
            Dispose();
            RefuseRest();
            _traces.StopAll();
            _children.Abandon(new(CancellationCauseKind.ParentCancelled, "this host does nothing more for the workflow", _host.OwnerName, _host.Time.GetUtcNow()));
            await DisposeCodeAsync().ConfigureAwait(false);
        }
    }

    private async Task TakeBatchAsync()
    {
        List<Letter> letters = [.. _kept];
        _kept.Clear();
        long size = letters.Sum(SizeOf);
        while (letters.Count < MaxBatch && size < MaxBatchCharacters && _mailbox.TryRead(out Letter? letter))
        {
            letters.Add(letter);
            size += SizeOf(letter);
        }

        List<JournalEntry> entries = [];
        List<Request> requests = [];
        List<(Letter Letter, bool Journaled)> applied = [];
        Turns turns = new(this);
        foreach (Letter letter in letters)
        {
            if (letter.Input is RestDue)
            {
                (_isRestDue, _isWatched) = (true, false);
                continue;
            }

            if (letter.Input is ClockJumped)
            {
                _timers.Restart();
                continue;
            }

            _hasActed = true;
            if (letter.Input is TimerDue { Key: var key })
            {
                if (letter.Run != _timers.Run) continue;
                _timers.OnDue(key);
            }

            if (letter.Input is Lost { HandedBack: false } lost) SheafTelemetry.DeliveriesLost.Add(lost.Deliveries.Count);
            int before = entries.Count;
            if (_run.Stuck is not null || !Apply(letter.Input, entries, requests)) _kept.Enqueue(letter);
            else applied.Add((letter, entries.Count > before));
        }

        turns.Dispose();
        if (entries.Count > 0 || _isNew)
        {
            // Until it is known that they are journaled the letters are kept: to be applied again, or refused where all ends here.
            Letter[] rest = [.. _kept];
            _kept.Clear();
            foreach (Letter letter in letters) _kept.Enqueue(letter);
            if (!await TryCommitAsync(entries).ConfigureAwait(false))
            {
                await LoadAsync().ConfigureAwait(false);
                return;
            }

            _kept.Clear();
            foreach (Letter letter in rest) _kept.Enqueue(letter);
        }

        Carry(requests);
        foreach ((Letter letter, bool journaled) in applied) Acknowledge(letter, journaled);
        if (_run.State.IsTerminated) SayThatItIsTerminated();
        SignalProgress();
    }

    private static long SizeOf(Letter letter) => letter.Input switch
    {
        LeafEnded ended => (ended.Result.Value?.Length ?? 0) + (ended.Result.Failure is { } failure ? FailureWeight.Of(failure) : 0),
        AskSignal signal => signal.Json?.Length ?? 0,
        AskSpawn spawn => spawn.Json.Length,
        AskReady ready => ready.Json?.Length ?? 0,
        _ => 0,
    };

    /// <summary>Applies an input in a turn of its own.</summary>
    /// <returns>Whether it is done with: applied, or of no effect. If not, the workflow got stuck on it.</returns>
    private bool Apply(Input input, List<JournalEntry> entries, List<Request> requests)
    {
        if (Intake.ToEvent(_run.State, input, _host.Time.GetUtcNow()) is not { } @event)
        {
            if (input is LeafEnded ended) _host.OnLate(_header.Id, ended);
            return true;
        }

        IReadOnlyList<JournalEntry> turn = _run.Turn(@event);
        IReadOnlyList<Request> asked = TakeRequests();
        if (_run.Stuck is not null) return false;
        entries.AddRange(turn);
        requests.AddRange(asked);
        return true;
    }

    /// <summary>Journals the entries. If it says no, nobody knows whether they are: the journal has to be read again.</summary>
    private async Task<bool> TryCommitAsync(List<JournalEntry> entries)
    {
        JournalCommit commit = new(_header.Id, _header.Epoch, _nextSequence, entries)
        {
            EndsAs = _run.State.Result is { } result ? Descriptions.StatusOf(result) : null,
            EndedAt = _run.State.HasEnded ? _run.State.Now : null,
            Creates = _isNew ? _header : null,
        };
        AppendResult answer;
        try
        {
            answer = await _host.Writer.AppendAsync(commit).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not ObjectDisposedException)
        {
            SayThatACommitIsUnknown(error);
            await Task.Delay(Outage.DelayAfter(++_failedCommits, _host.CommitRetryDelay), _host.Time, _host.Stopping).ConfigureAwait(false);
            return false;
        }

        _failedCommits = 0;
        switch (answer)
        {
            case AppendResult.Taken:
                // Purged meanwhile, it is free again: then the reload tries once more.
                if (await PersistAsync(() => _host.Journal.FindAsync(_header.Id, _host.Stopping)).ConfigureAwait(false) is { } there) GiveWay(there);
                return false;
            case AppendResult.Stale:
                throw OwnerLost();
            default:
                _nextSequence += entries.Count;
                if (_isNew) _created.TrySetResult(new CreateResult(true, _header));
                _isNew = false;
                return true;
        }
    }

    private async Task DisposeCodeAsync()
    {
        WorkflowCode? code = _code;
        _code = null;
        try
        {
            if (code is not null) await code.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // The user's own services; the workflow's end does not depend on how they go.
            HostLog.WorkflowDisposeFailed(_host.Logger, _header.Id.Value, error);
        }
    }
}
