using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Embedded;

/// <summary>The shell around one workflow's engine: takes inputs, runs turns, journals them, and only then acts (D4).</summary>
/// <remarks>
/// <para>One loop a workflow. Its states: loading (fold and replay) → running ⇄ stuck → ended, and from any of them back
/// to loading when the journal's answer is not known (D5), or to lost when another owner has taken the workflow.</para>
/// <para>An input leaves the mailbox when it is applied and journaled. Until then it is kept and, after loading again,
/// applied again: the fence drops what was journaled after all.</para>
/// </remarks>
internal sealed partial class WorkflowActor : IDisposable
{
    /// <summary>So many inputs go into one commit at the most: a commit's size stays bounded, however many children end at once.</summary>
    private const int MaxBatch = 1024;

    /// <summary>And no more once their values have so many characters, which bounds it where values are large.</summary>
    private const int MaxBatchCharacters = 4 * 1024 * 1024;

    private readonly EmbeddedHost _host;
    private readonly WorkflowHeader _header;
    private readonly Channel<Letter> _mailbox = Channel.CreateUnbounded<Letter>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Queue<Letter> _kept = new();
    private readonly LeafPool _leaves;
    private readonly WorkflowTimers _timers;
    private readonly Lock _gate = new();

    // Guarded by _gate: who waits sees the current one, and a stuck workflow gets a new one when it tries again.
    private TaskCompletionSource<Result> _end = NewEnd();
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _stuckReason;

    // The loop's own.
    private WorkflowRun _run = null!;
    private WorkflowCode? _code;

    // Whether this actor has loaded before: then no delivery of its own process can be lost, only not handed out yet.
    private bool _isReload;
    private long _nextSequence;

    public WorkflowActor(EmbeddedHost host, WorkflowHeader header)
    {
        _host = host;
        _header = header;
        _leaves = new LeafPool(header.Id, host, Post);
        _timers = new WorkflowTimers(host.Time, due => Post(new Letter(due)));
    }

    public string? StuckReason
    {
        get
        {
            lock (_gate) return _stuckReason;
        }
    }

    /// <summary>Ends with the workflow; fails while it is stuck, and when it is lost or the host stops.</summary>
    public Task<Result> WhenEnded
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
        if (!_mailbox.Writer.TryWrite(letter)) letter.Done?.TrySetResult(false);
    }

    public void Dispose()
    {
        _mailbox.Writer.TryComplete();
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
                if (_run.Stuck is not null)
                {
                    await WaitForRetryAsync().ConfigureAwait(false);
                    continue;
                }

                if (_kept.Count == 0 && !await _mailbox.Reader.WaitToReadAsync(_host.Stopping).ConfigureAwait(false)) break;
                await TakeBatchAsync().ConfigureAwait(false);
            }

            if (_run.State.Result is { } result) Complete(end => end.TrySetResult(result));
        }
        catch (OperationCanceledException) when (_host.Stopping.IsCancellationRequested)
        {
            Complete(end => end.TrySetException(new OperationCanceledException($"The host stopped before workflow '{_header.Id}' had ended.")));
        }
        catch (Exception error)
        {
            LogStopped(_host.Logger, _header.Id.Value, error);
            Complete(end => end.TrySetException(error));
        }
        finally
        {
            Dispose();
            RefuseRest();
            _leaves.CancelAll(new(CancellationCauseKind.ParentCancelled, "this host does nothing more for the workflow", _host.OwnerName, _host.Time.GetUtcNow()));
            await DisposeCodeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Makes the run anew from the journal, and takes up what is owed.</summary>
    private async Task LoadAsync()
    {
        List<JournalEntry> entries = await ReadAsync().ConfigureAwait(false);
        _nextSequence = entries.Count;
        _timers.Dispose();
        await DisposeCodeAsync().ConfigureAwait(false);
        _code = new WorkflowCode(_host, _header);
        _run = new WorkflowRun(_header.Id, _code.RunAsync, _host.Payloads, _host.Options.FailureTypes, _host.Services);
        _run.OnStuck = () => Post(new Letter(new StuckNoticed()));
        IReadOnlyList<JournalEntry> beyond = _run.Replay(entries);
        if (_run.Stuck is not null) return;
        if (entries.Count == 0)
        {
            _kept.Enqueue(new Letter(new Begin()));
            _isReload = true;
            return;
        }

        if (beyond.Count > 0)
        {
            IReadOnlyList<Request> requests = _run.TakeRequests();
            if (!await TryCommitAsync([.. beyond]).ConfigureAwait(false))
            {
                await LoadAsync().ConfigureAwait(false);
                return;
            }

            foreach (Request request in requests) Carry(request);
            SignalProgress();
        }

        if (!_run.State.HasEnded) TakeUpWhatIsOwed();
        _isReload = true;
    }

    private void TakeUpWhatIsOwed()
    {
        Owed.Timers(_run.State, _run);
        Owed.Cancellations(_run.State, _run);
        Delivery[] missing = [.. Owed.Deliveries(_run.State).Where(delivery => !_leaves.Has(delivery))];
        if (_isReload) Owed.Dispatches(_run.State, missing, _run);
        else if (missing.Length > 0) _kept.Enqueue(new Letter(new Lost(missing, "the host was stopped or started again")));
        foreach (Request request in _run.TakeRequests()) Carry(request);
    }

    /// <summary>Reads the journal, however long it is away: the workflow can do nothing else meanwhile, and loses nothing by it.</summary>
    private async Task<List<JournalEntry>> ReadAsync()
    {
        while (true)
        {
            try
            {
                return await JournalReading.ReadAllAsync(_host.Journal, _header.Id, _host.Stopping).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not JsonException && !_host.Stopping.IsCancellationRequested)
            {
                LogReadFailed(_host.Logger, _header.Id.Value, error);
            }

            await Task.Delay(_host.CommitRetryDelay, _host.Time, _host.Stopping).ConfigureAwait(false);
        }
    }

    private async Task TakeBatchAsync()
    {
        List<Letter> letters = [.. _kept];
        _kept.Clear();
        long size = letters.Sum(SizeOf);
        while (letters.Count < MaxBatch && size < MaxBatchCharacters && _mailbox.Reader.TryRead(out Letter? letter))
        {
            letters.Add(letter);
            size += SizeOf(letter);
        }

        List<JournalEntry> entries = [];
        List<Request> requests = [];
        List<(Letter Letter, bool Journaled)> applied = [];
        foreach (Letter letter in letters)
        {
            int before = entries.Count;
            if (_run.Stuck is not null || !Apply(letter.Input, entries, requests)) _kept.Enqueue(letter);
            else applied.Add((letter, entries.Count > before));
        }

        if (entries.Count > 0)
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

        foreach (Request request in requests) Carry(request);
        foreach ((Letter letter, bool journaled) in applied) Acknowledge(letter, journaled);
        SignalProgress();
    }

    private static long SizeOf(Letter letter) => letter.Input switch
    {
        LeafEnded ended => ended.Result.Value?.Length ?? 0,
        AskSignal signal => signal.Json?.Length ?? 0,
        AskSpawn spawn => spawn.Json.Length,
        _ => 0,
    };

    /// <summary>Applies an input in a turn of its own.</summary>
    /// <returns>Whether it is done with: applied, or of no effect. If not, the workflow got stuck on it.</returns>
    private bool Apply(Input input, List<JournalEntry> entries, List<Request> requests)
    {
        if (Intake.ToEvent(_run.State, input, _host.Time.GetUtcNow()) is not { } @event) return true;
        IReadOnlyList<JournalEntry> turn = _run.Turn(@event);
        IReadOnlyList<Request> asked = _run.TakeRequests();
        if (_run.Stuck is not null) return false;
        entries.AddRange(turn);
        requests.AddRange(asked);
        return true;
    }

    /// <summary>Journals the entries. If it says no, nobody knows whether they are: the journal has to be read again.</summary>
    private async Task<bool> TryCommitAsync(List<JournalEntry> entries)
    {
        JournalCommit commit = new(_header.Id, _header.Epoch, _nextSequence, entries.Count, EntryCodec.Encode(entries))
        {
            EndsAs = _run.State.Result is { } result ? Descriptions.StatusOf(result) : null,
        };
        AppendResult answer;
        try
        {
            answer = await _host.Writer.AppendAsync(commit).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not ObjectDisposedException)
        {
            LogCommitUnknown(_host.Logger, _header.Id.Value, error);
            await Task.Delay(_host.CommitRetryDelay, _host.Time, _host.Stopping).ConfigureAwait(false);
            return false;
        }

        if (answer == AppendResult.Stale)
            throw new InvalidOperationException($"Workflow '{_header.Id}' has another owner now, or was changed from elsewhere: this host has lost it and does nothing more for it.");
        _nextSequence += entries.Count;
        return true;
    }

    private void Carry(Request request)
    {
        switch (request)
        {
            case DispatchWorker dispatch:
                _leaves.Start(dispatch);
                break;
            case RunStep step:
                _leaves.Start(step);
                break;
            case CancelRunning cancel:
                _leaves.Cancel(cancel.Scope, cancel.Cause);
                break;
            case CloseScope close:
                _leaves.Close(close.Scope);
                break;
            case StartTimer start:
                _timers.Start(start);
                break;
            case StopTimer stop:
                _timers.Stop(stop.Key);
                break;
            case EndWorkflow:
                break; // The loop sees it in the state.
            default:
                throw new InvalidOperationException($"No way to carry out {request.GetType().Name}.");
        }
    }

    private void Acknowledge(Letter letter, bool journaled)
    {
        if (letter.Input is LeafEnded ended) _leaves.OnApplied(ended.Child, ended.Delivery);
        letter.Done?.TrySetResult(letter.Input switch
        {
            AskSpawn spawn => _run.State.Spawned.Contains((spawn.Parent, spawn.Name)),
            AskSignal signal => journaled || (signal.Key is { } key && _run.State.SignalKeys.Contains(key)),
            AskCancel => _run.State.Root.Cause is not null,
            _ => false,
        });
    }

    private async Task DisposeCodeAsync()
    {
        try
        {
            if (_code is not null) await _code.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // The user's own services; the workflow's end does not depend on how they go.
            LogDisposeFailed(_host.Logger, _header.Id.Value, error);
        }

        _code = null;
    }

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning, Message = "The services of workflow {Workflow} failed to be disposed of.")]
    private static partial void LogDisposeFailed(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 10, Level = LogLevel.Error, Message = "Workflow {Workflow} cannot go on.")]
    private static partial void LogStopped(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 11, Level = LogLevel.Warning, Message = "It is not known whether a commit of workflow {Workflow} was written; its journal is read again.")]
    private static partial void LogCommitUnknown(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 14, Level = LogLevel.Warning, Message = "The journal of workflow {Workflow} could not be read; it is asked again.")]
    private static partial void LogReadFailed(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 12, Level = LogLevel.Error, Message = "Workflow {Workflow} is stuck.")]
    private static partial void LogStuck(ILogger logger, string workflow, Exception error);
}
