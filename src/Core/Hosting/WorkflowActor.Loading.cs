using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Hosting;

/// <summary>How a workflow comes to run here: created, or from its journal with what that still owes.</summary>
internal sealed partial class WorkflowActor
{
    /// <summary>Makes the run anew from the journal, and takes up what is owed.</summary>
    private async Task LoadAsync()
    {
        if (_isNew && _isReload) await LookWhetherCreatedAsync().ConfigureAwait(false);
        (long first, List<JournalEntry> entries, WorkflowStuckException? unreadable) = _isNew ? (0, [], null) : await ReadAsync().ConfigureAwait(false);
        _nextSequence = first + entries.Count;
        await MakeRunAsync().ConfigureAwait(false);
        IReadOnlyList<JournalEntry> beyond = unreadable is null ? Replay(entries, first) : [];
        _timers.Run = _run.State.Run;
        if (unreadable is not null) _run.Refuse(unreadable);
        if (_run.Stuck is not null) return;
        if (entries.Count == 0)
        {
            KeepFirst(new Letter(_begin));
            _isReload = true;
            return;
        }

        IReadOnlyList<Request> requests = [];
        if (beyond.Count > 0)
        {
            requests = TakeRequests();
            if (_run.Stuck is not null) return;
            if (!await TryCommitAsync([.. beyond]).ConfigureAwait(false))
            {
                await LoadAsync().ConfigureAwait(false);
                return;
            }

            SignalProgress();
        }

        // A commit whose answer was lost may have ended scopes of a run that is over: the next one's have the same numbers.
        if (_run.State.ContinuesWith is not null) _children.Close(0);
        // What the code has just asked for is not owed, and comes after what is: a site hears first of what it may have.
        if (!_run.State.HasEnded) TakeUpWhatIsOwed([.. requests.Select(ChildToStart).OfType<ChildId>()]);
        // It was written after all that it has ended: who runs its leaves has not been told.
        else _children.Close(0);
        Carry(requests);
        _isReload = true;
    }

    private async Task MakeRunAsync()
    {
        _timers.Clear();
        // Where it is to end without its code, that has no say in when: not by its clean-up either.
        if (_runsNoCode) _host.Observe(DisposeCodeAsync());
        else await DisposeCodeAsync().ConfigureAwait(false);
        _code = new WorkflowCode(_host, _header);
        _run = new WorkflowRun(_header.Id, _code.RunAsync, _host.Payloads, _host.Options.FailureTypes, _host.Services);
        _run.OnStuck = () => Post(new Letter(new StuckNoticed()));
    }

    /// <summary>
    /// Begins the next run, in a turn and a commit of its own: what is before it can be trimmed then.
    /// </summary>
    private async Task ContinueAsNewAsync()
    {
        WorkflowContinued continued = _run.State.ToContinued(_host.Time.GetUtcNow());
        await MakeRunAsync().ConfigureAwait(false);
        _timers.Run = continued.Run;
        IReadOnlyList<JournalEntry> turn;
        using (new Turns(this)) turn = _run.Turn(continued);
        IReadOnlyList<Request> requests = TakeRequests();
        // Nothing of a turn that is stuck is journaled: the loading that follows its mending comes here again.
        if (_run.Stuck is not null) return;
        long first = _nextSequence;
        if (!await TryCommitAsync([.. turn]).ConfigureAwait(false))
        {
            await LoadAsync().ConfigureAwait(false);
            return;
        }

        Carry(requests);
        SignalProgress();
        await TrimAsync(first).ConfigureAwait(false);
    }

    /// <summary>What is before the run's beginning is of no use any more. Where this fails, the next time trims it.</summary>
    private async Task TrimAsync(long first)
    {
        try
        {
            await _host.Journal.TrimAsync(_header.Id, first, _host.Stopping).ConfigureAwait(false);
        }
        catch (Exception error) when (!_host.Stopping.IsCancellationRequested)
        {
            HostLog.TrimFailed(_host.Logger, _header.Id.Value, error);
        }
    }

    /// <summary>The answer to the creating commit was lost: only the store knows whether it was written.</summary>
    private async Task LookWhetherCreatedAsync()
    {
        WorkflowHeader? there = await PersistAsync(() => _host.Journal.FindAsync(_header.Id, _host.Stopping)).ConfigureAwait(false);
        if (there is null) return;
        if ((there.Owner, there.Epoch) != (_header.Owner, 1L) && there.Status == WorkflowStatus.Running) GiveWay(there);
        // Ended by the commit that created it, or by somebody else: either way it is there, and has nothing left to do here.
        if (there.Status != WorkflowStatus.Running && (there.CreatedAt, there.Workflow, there.Input) != (_header.CreatedAt, _header.Workflow, _header.Input)) GiveWay(there);
        _isNew = false;
        _created.TrySetResult(new CreateResult(true, _header));
    }

    private void GiveWay(WorkflowHeader there)
    {
        _givesWayTo = there;
        throw new GivenWayException(_header.Id);
    }

    private static ChildId? ChildToStart(Request request) => request switch
    {
        DispatchWorker dispatch => dispatch.Child,
        RunStep step => step.Child,
        RunWorkflow run => run.Child,
        _ => null,
    };

    private void TakeUpWhatIsOwed(HashSet<ChildId> started)
    {
        Owed.Timers(_run.State, _run);
        Owed.Cancellations(_run.State, _run);
        // One that is about to be journaled as lost was handed out by an earlier owner: not again under its number.
        HashSet<Delivery> lost = [.. _kept.Select(letter => letter.Input).OfType<Lost>().SelectMany(input => input.Deliveries)];
        Delivery[] missing = [.. Owed.Deliveries(_run.State).Where(delivery => !started.Contains(delivery.Child) && !lost.Contains(delivery) && !_children.Has(delivery))];
        if (!_isReload) TakeOver(missing);
        else if (_run.IsCodeOver) GiveBack(missing);
        else Owed.Dispatches(_run.State, missing, _run);
        Carry(_run.TakeRequests());
    }

    /// <summary>Deliveries that were never handed out, and need not be any more. A nested workflow is asked for its end all the same: it may be there.</summary>
    private void GiveBack(Delivery[] deliveries)
    {
        Delivery[] rest = AskForWorkflows(deliveries);
        if (rest.Length > 0) _kept.Enqueue(new Letter(new Lost(rest, "the workflow was terminated") { HandedBack = true }));
    }

    /// <summary>Deliveries of an earlier owner: its steps ended with it, its workers may run on, and nested workflows do. Before any signal: it is for them too.</summary>
    private void TakeOver(Delivery[] deliveries)
    {
        Delivery[] missing = AskForWorkflows(deliveries);
        Delivery[] steps = [.. missing.Where(delivery => _run.State.Find(delivery.Child) is { Start.Kind: ChildKind.Step, IsHandedBack: false })];
        Delivery[] handedBack = [.. missing.Where(delivery => _run.State.Find(delivery.Child)!.IsHandedBack)];
        if (handedBack.Length > 0) _kept.Enqueue(new Letter(new Lost(handedBack, "the host was stopped") { HandedBack = true }));
        if (steps.Length > 0) _kept.Enqueue(new Letter(new Lost(steps, "the host was stopped or started again")));
        // Also where none is missing: what sites keep of an earlier owner's is not wanted any more, and that owner may live and not know.
        _children.Attach([.. missing.Except(steps).Except(handedBack)]);
    }

    /// <summary>Asks nested workflows for their ends, whoever started them.</summary>
    /// <returns>The other deliveries.</returns>
    private Delivery[] AskForWorkflows(Delivery[] deliveries)
    {
        Delivery[] workflows = [.. deliveries.Where(delivery => _run.State.Find(delivery.Child)!.Start.Kind == ChildKind.Workflow)];
        Owed.Dispatches(_run.State, workflows, _run);
        return [.. deliveries.Except(workflows)];
    }

    private Task<T> PersistAsync<T>(Func<Task<T>> ask) => _host.PersistAsync(_header.Id, ask, error => error is WorkflowStuckException, _host.Stopping);

    /// <summary>The journal, or why it cannot be read. A workflow of a newer version waits for that one: it is stuck, not ended.</summary>
    private async Task<(long First, List<JournalEntry> Entries, WorkflowStuckException? Unreadable)> ReadAsync()
    {
        try
        {
            (long first, List<JournalEntry> entries) = await PersistAsync(() => _host.ReadRunAsync(_header.Id)).ConfigureAwait(false);
            return (first, entries, null);
        }
        catch (WorkflowStuckException unreadable)
        {
            return (0, [], unreadable);
        }
    }

    /// <summary>Runs the journaled turns again. Entries that contradict each other are no state to go on from.</summary>
    private IReadOnlyList<JournalEntry> Replay(List<JournalEntry> entries, long first)
    {
        using Turns turns = new(this);
        try
        {
            return _runsNoCode ? _run.Fold(entries, first) : _run.Replay(entries, first);
        }
        catch (Exception error)
        {
            _run.Refuse(new WorkflowStuckException(
                $"The journal of workflow '{_header.Id}' cannot be run again: {error.Message} It was changed from outside, or written by a newer version of Sheaf; use that one.", error));
            return [];
        }
    }
}
