using Orleans.Runtime;
using Sheaf.Engine;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Grains;

/// <summary>What this silo runs of one workflow: the protocol's bookkeeping, and the leaves themselves.</summary>
/// <remarks>Thread-safe: messages come on one thread, ends of leaves on others.</remarks>
internal sealed class SiteWorkflow : ISiteEffects
{
    private readonly WorkflowId _workflow;
    private readonly HostContext _host;
    private readonly SiteHost _site;
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private readonly WorkerSite _state;
    private readonly LeafPool _leaves;
    private string _owner = "";
    private bool _isForgotten;

    // Guarded by _gate. Not null while it is not known whether the owner is one of long ago: deliveries wait for that.
    private List<DispatchWorker>? _held;
    private bool _isAsking;

    /// <summary>Makes it for the first message of it.</summary>
    /// <param name="workflow">The workflow.</param>
    /// <param name="host">This silo's host.</param>
    /// <param name="site">This silo's site.</param>
    /// <param name="mayBeLate">Whether the message may be of an owner that has lost the workflow: then the journal is asked before anything runs.</param>
    public SiteWorkflow(WorkflowId workflow, HostContext host, SiteHost site, bool mayBeLate)
    {
        _workflow = workflow;
        _host = host;
        _site = site;
        _state = new WorkerSite(this);
        _leaves = new LeafPool(workflow, host, OnEnded, AskAsync);
        if (mayBeLate) _held = [];
    }

    public WorkflowId Workflow => _workflow;

    /// <summary>The silo of the newest owner.</summary>
    public string Owner
    {
        get
        {
            lock (_gate) return _owner;
        }
    }

    /// <summary>What the owner of that epoch found here when it asked.</summary>
    public IReadOnlyList<Delivery> FoundFor(long epoch)
    {
        lock (_gate) return epoch == _state.Epoch ? _state.Found ?? [] : [];
    }

    /// <summary>Takes the next message of an owner's stream.</summary>
    /// <returns>Whether it has; not so where this is forgotten: by the last message of an earlier owner, which came at the same time.</returns>
    public bool TryTake(string owner, long epoch, SiteMessage message, DateTimeOffset now)
    {
        IReadOnlyCollection<LeafEnded> kept = [];
        lock (_gate)
        {
            if (_isForgotten) return false;
            bool isNewOwner = epoch > _state.Epoch;
            if (isNewOwner) _owner = owner;
            _state.OnMessage(epoch, message, now);
            if (_held is not null && !_isAsking)
            {
                _isAsking = true;
                _host.Run(LookWhetherLateAsync);
            }

            if (isNewOwner) kept = [.. _state.Kept];
        }

        // What ended for an earlier owner, and was not committed: the new one waits for it.
        foreach (LeafEnded ended in kept) _site.Report(this, owner, ended);
        return true;
    }

    public void OnAcknowledged(Delivery delivery)
    {
        lock (_gate) _state.OnAcknowledged(delivery);
    }

    /// <summary>Whether this end still waits to be told to that owner.</summary>
    public bool IsKept(string owner, LeafEnded ended)
    {
        lock (_gate) return _owner == owner && _state.IsKept(ended);
    }

    /// <summary>Signals all that runs; nobody is told of its end any more.</summary>
    /// <returns>How many ran.</returns>
    public int Drop(CancellationCause cause)
    {
        lock (_gate)
        {
            int count = _state.RunningDeliveries.Count();
            _state.Drop(cause);
            return count;
        }
    }

    /// <summary>As <see cref="Drop"/>, for good; unless another owner has come meanwhile, whose it is now.</summary>
    public int Leave(string owner, CancellationCause cause)
    {
        lock (_gate)
        {
            if (_owner != owner) return 0;
            int count = Drop(cause);
            Forget();
            return count;
        }
    }

    /// <summary>The journal has another owner than the one that was told of ends. It is told now: whether it asks for them or not, it knows what it waits for.</summary>
    public void MoveTo(string from, string to)
    {
        LeafEnded[] kept;
        lock (_gate)
        {
            if (_owner != from) return;
            _owner = to;
            kept = [.. _state.Kept];
        }

        foreach (LeafEnded ended in kept) _site.Report(this, to, ended);
    }

    public IReadOnlyList<RunningChild> Running(string silo)
    {
        lock (_gate)
        {
            HashSet<Delivery> owned = [.. _state.RunningDeliveries];
            return
            [
                .. _leaves.Deliveries.Select(delivery => new RunningChild
                {
                    Silo = silo,
                    WorkflowId = _workflow.Value,
                    Child = delivery.Child.ToString(),
                    Delivery = delivery.Number,
                    IsOwned = owned.Contains(delivery),
                }),
            ];
        }
    }

    void ISiteEffects.Run(DispatchWorker dispatch, CancellationCause? cause)
    {
        if (cause is not null) _leaves.Cancel(dispatch.Child.Scope, cause);
        if (_held is null) _leaves.Start(dispatch);
        else _held.Add(dispatch);
    }

    void ISiteEffects.SignalScope(int scope, CancellationCause cause) => _leaves.Cancel(scope, cause);

    void ISiteEffects.Signal(Delivery delivery, CancellationCause cause) => _leaves.Cancel(delivery);

    void ISiteEffects.Forget(int scope)
    {
        _leaves.Close(scope);
        if (scope == 0) Forget();
    }

    private void Forget()
    {
        _isForgotten = true;
        _site.Forget(this, _state.Epoch, !_leaves.IsEmpty);
    }

    /// <summary>The id may be another workflow's now, whose first owner has the epoch of an owner of long ago: only the journal knows.</summary>
    private async Task LookWhetherLateAsync()
    {
        WorkflowHeader? header = await _host.PersistAsync(_workflow, () => _host.Journal.FindAsync(_workflow, _host.Stopping), _ => false, _host.Stopping).ConfigureAwait(false);
        lock (_gate)
        {
            List<DispatchWorker> held = _held!;
            _held = null;
            if (header is { Status: WorkflowStatus.Running } && header.Epoch <= _state.Epoch)
            {
                foreach (DispatchWorker dispatch in held.Where(dispatch => _state.IsRunning(new Delivery(dispatch.Child, dispatch.Delivery)))) _leaves.Start(dispatch);
                return;
            }

            // Nothing has run, so that there is nothing to tell anybody of.
            Leave(_owner, new(CancellationCauseKind.ParentCancelled, "its owner has lost the workflow, or it has ended", _owner, _host.Time.GetUtcNow()));
        }
    }

    /// <summary>Asks whoever owns the workflow, until one answers or nobody waits for the child that asks: its owner may be lost meanwhile.</summary>
    private async Task<bool> AskAsync(LeafAsk ask)
    {
        for (int failures = 1; !_host.Stopping.IsCancellationRequested; failures++)
        {
            string owner;
            lock (_gate)
            {
                if (!_state.IsRunning(new Delivery(ask.Child, ask.Delivery))) return false;
                owner = _owner;
            }

            try
            {
                return await _site.AskAsync(owner, _workflow, ask).ConfigureAwait(false);
            }
            catch (Exception error) when ((error is WorkflowMovedException or TimeoutException or OrleansException) && !MessageSize.IsTooLarge(error))
            {
                if (_host.Questions.Speaks(out int heldBack)) ClusterLog.AskFailed(_host.Logger, owner, ask.Child.ToString(), heldBack, error);
            }

            await Task.Delay(Outage.DelayAfter(failures, _host.CommitRetryDelay), TimeProvider.System, _host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return false;
    }

    private void OnEnded(LeafEnded ended)
    {
        // Also where the owner is here: what a child's end is does not depend on where it ran.
        ended = _site.MessageLimit.Bound(ended);
        string owner;
        lock (_gate)
        {
            _leaves.OnApplied(ended.Child, ended.Delivery);
            if (_leaves.IsEmpty) _site.OnLeft(this);
            if (!_state.OnEnded(ended)) return;
            owner = _owner;
        }

        _site.Report(this, owner, ended);
    }
}
