using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Hosting;

/// <summary>Who waits for a workflow, and a workflow that waits for help.</summary>
internal sealed partial class WorkflowActor
{
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guarded by _gate: who is told when it is over.
    private readonly List<Action<Task<WorkflowEnd>>> _onOver = [];
    private bool _isOver;

    // Null while letters are taken; then what to tell those that come too late.
    private volatile Exception? _refusal;

    // The loop's own: whether it is loaded without its code, to be terminated, since that is stuck.
    private bool _runsNoCode;

    // Set once, by whoever learns that the workflow was claimed elsewhere.
    private volatile bool _isLost;

    private static TaskCompletionSource<WorkflowEnd> NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Tells of the workflow's end, or of that of this actor, once: at once where it is there. Called before anybody who looks on
    /// could take the host for idle. One that is stuck has not ended.
    /// </summary>
    public void WhenOver(Action<Task<WorkflowEnd>> onOver)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _onOver.Add(onOver);
                return;
            }
        }

        onOver(WhenEnded);
    }

    /// <summary>Another owner has claimed the workflow: the actor lets go now, and not only at its next commit.</summary>
    public void Lose()
    {
        _isLost = true;
        Post(new Letter(new LossNoticed()));
    }

    private void ThrowIfLost()
    {
        if (_isLost) throw OwnerLost();
    }

    private OwnerLostException OwnerLost() =>
        new($"Workflow '{_header.Id}' has another owner now, or was changed from elsewhere: this host has lost it and does nothing more for it.");

    private void TellOver()
    {
        Action<Task<WorkflowEnd>>[] listeners;
        lock (_gate)
        {
            _isOver = true;
            listeners = [.. _onOver];
            _onOver.Clear();
        }

        foreach (Action<Task<WorkflowEnd>> onOver in listeners) onOver(WhenEnded);
    }

    private void Complete(Action<TaskCompletionSource<WorkflowEnd>> complete)
    {
        lock (_gate) complete(_end);
        _ = WhenEnded.Exception; // Nobody has to wait for it; then its failure is in the log.
        SignalProgress();
    }

    private void Fail(Exception reason)
    {
        _refusal = reason;
        if (_givesWayTo is null) _created.TrySetException(reason);
        _ = _created.Task.Exception; // Nobody has to wait for it; then it is in the log.
        Complete(end => end.TrySetException(reason));
    }

    private void SignalProgress()
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            reached = _progress;
            _progress = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        reached.TrySetResult();
    }

    /// <summary>The host has let go of it: who asked for progress while it was on its way out is told to look again.</summary>
    public void OnLetGo()
    {
        if (_givesWayTo is { } there) _created.TrySetResult(new CreateResult(false, there));
        _letGo.TrySetResult();
        SignalProgress();
    }

    /// <summary>Completes when the host has let go of it.</summary>
    public Task WhenLetGo => _letGo.Task;

    /// <summary>The host stops in order: its successor is told what ended with it, and that it does not count as lost.</summary>
    private async Task SayGoodbyeAsync()
    {
        List<JournalEntry> entries = [];
        try
        {
            if (_run.Stuck is null && Apply(new StopOwner(_children.EndingWithHost), entries, []) && entries.Count > 0) await TryCommitAsync(entries).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // Then they count as lost: nothing else follows from it.
            SayThatACommitIsUnknown(error);
        }
    }

    private void GetStuck()
    {
        WorkflowStuckException reason = _run.Stuck!;
        HostLog.WorkflowStuck(_host.Logger, _header.Id.Value, reason);
        lock (_gate) _stuckReason = reason.Message;
        Complete(end => end.TrySetException(reason));
    }

    /// <summary>Keeps what arrives until somebody asks to try again, or to end it without its code; then loads the workflow anew.</summary>
    private async Task WaitForHelpAsync()
    {
        KeyValuePair<string, object?> workflow = new("sheaf.workflow", _header.Workflow);
        SheafTelemetry.WorkflowsStuck.Add(1, workflow);
        Letter? retry;
        try
        {
            GetStuck();
            RefuseKept();
            retry = await WaitForRetryAsync().ConfigureAwait(false);
            _runsNoCode = retry is null;
        }
        finally
        {
            SheafTelemetry.WorkflowsStuck.Add(-1, workflow);
        }

        lock (_gate)
        {
            _stuckReason = null;
            _end = NewEnd();
        }

        // Who has asked for it, and looks now, no longer finds it stuck.
        retry?.Done?.OnDone(true);
        await LoadAsync().ConfigureAwait(false);
    }

    /// <summary>Waits until somebody asks for either.</summary>
    /// <returns>Who asks that it tries again; null where it is to end.</returns>
    private async Task<Letter?> WaitForRetryAsync()
    {
        while (true)
        {
            ThrowIfLost();
            Letter[] terminations = [.. _kept.Where(letter => letter.Input is AskTerminate)];
            if (terminations.Length > 0)
            {
                // Before what has come for the code: that is over then.
                KeepFirst(terminations);
                return null;
            }

            await _mailbox.WaitToReadAsync(_host.Stopping).ConfigureAwait(false);
            while (_mailbox.TryRead(out Letter? letter))
            {
                if (letter.Input is AskRetry) return letter;
                _kept.Enqueue(letter);
                if (letter.Input is not AskTerminate) RefuseKept();
            }
        }
    }

    /// <summary>A stuck workflow can journal nothing, so who waits for that is told; events are kept.</summary>
    private void RefuseKept()
    {
        Letter[] kept = [.. _kept];
        _kept.Clear();
        foreach (Letter letter in kept)
        {
            // A worker that asks for something waits with its workflow: nothing is lost (D3). Who ends the code needs it no more, but for the journal.
            bool isKept = letter.Input is LeafAsk || (letter.Input is AskTerminate && !_runsNoCode);
            if (letter.Done is { } done && !isKept) done.OnRefused(new WorkflowStuckException($"Nothing was done: {StuckReason}"));
            else _kept.Enqueue(letter);
        }
    }

    private void KeepFirst(params Letter[] letters)
    {
        Letter[] rest = [.. _kept.Where(kept => !letters.Contains(kept, ReferenceEqualityComparer.Instance))];
        _kept.Clear();
        foreach (Letter letter in (Letter[])[.. letters, .. rest]) _kept.Enqueue(letter);
    }

    /// <summary>Nobody is left waiting for an answer that will not come: what came after the end had no effect, the rest is told why.</summary>
    private void RefuseRest()
    {
        _mailbox.Close();
        // Those that are kept were of a commit whose answer was lost, and which was the end.
        foreach (Letter letter in _kept) Answer(letter, input => WhatCameOf(input, journaled: false));
        while (_mailbox.TryRead(out Letter? letter)) Answer(letter, WasDone);

        void Answer(Letter letter, Func<Input, bool> answer)
        {
            if (_refusal is { } reason) letter.Done?.OnRefused(reason);
            else letter.Done?.OnDone(answer(letter.Input));
        }
    }
}
