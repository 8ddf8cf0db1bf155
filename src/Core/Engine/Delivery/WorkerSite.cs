namespace Sheaf.Engine;

/// <summary>What a site does when a message has its turn.</summary>
internal interface ISiteEffects
{
    /// <summary>Run a delivery; its scope may be cancelled already.</summary>
    void Run(DispatchWorker dispatch, CancellationCause? cause);

    /// <summary>Signal a running delivery.</summary>
    void Signal(Delivery delivery, CancellationCause cause);
}

/// <summary>
/// One workflow's children on one site, as its owner's messages tell it: what runs, which scopes are cancelled, which
/// outcomes the owner has not committed yet (D8).
/// </summary>
/// <remarks>
/// Not thread-safe, no clock. Bound to one epoch of the owner: a message of a newer one begins a new stream, and what ran
/// for the old one is signalled, since its outcome would be fenced off anyway (D5).
/// </remarks>
internal sealed class WorkerSite(ISiteEffects effects)
{
    private readonly Dictionary<ChildId, Running> _running = [];
    private readonly Dictionary<int, CancellationCause> _cancelled = [];
    private readonly Dictionary<Delivery, LeafEnded> _kept = [];
    private InboundStream<SiteMessage> _inbound = new();

    /// <summary>The newest epoch of the owner seen here; 0 before the first.</summary>
    public long Epoch { get; private set; }

    /// <summary>What the owner is told to have been applied.</summary>
    public long AppliedBefore => _inbound.AppliedBefore;

    /// <summary>Outcomes to send until the owner says that they are committed.</summary>
    public IReadOnlyCollection<LeafEnded> Kept => _kept.Values;

    /// <summary>Deliveries that run here.</summary>
    public IReadOnlyCollection<Delivery> RunningDeliveries => [.. _running.Select(pair => new Delivery(pair.Key, pair.Value.Number))];

    /// <summary>Takes a message of the owner's stream.</summary>
    public void OnMessage(long epoch, long number, SiteMessage message, DateTimeOffset now)
    {
        if (epoch < Epoch) return;
        if (epoch > Epoch) BeginEpoch(epoch, now);
        foreach (SiteMessage ready in _inbound.Take(number, message)) Apply(ready);
    }

    /// <summary>A delivery ended here: its outcome is kept until the owner has committed it.</summary>
    public void OnEnded(LeafEnded ended)
    {
        Delivery delivery = new(ended.Child, ended.Delivery);
        if (!_running.TryGetValue(ended.Child, out Running? running) || running.Number != ended.Delivery) return;
        _running.Remove(ended.Child);
        // One that ran for an older epoch has nobody to tell.
        if (running.Epoch == Epoch) _kept[delivery] = ended;
    }

    /// <summary>The owner has committed an outcome, or has no use for it.</summary>
    public void OnAcknowledged(Delivery delivery) => _kept.Remove(delivery);

    private void BeginEpoch(long epoch, DateTimeOffset now)
    {
        Epoch = epoch;
        _inbound = new InboundStream<SiteMessage>();
        _cancelled.Clear();
        _kept.Clear();
        CancellationCause cause = new(CancellationCauseKind.ParentCancelled, "the workflow has a new owner", null, now);
        foreach ((ChildId child, Running running) in _running) effects.Signal(new Delivery(child, running.Number), cause);
    }

    private void Apply(SiteMessage message)
    {
        switch (message)
        {
            case Deliver { Dispatch: var dispatch }:
                _running[dispatch.Child] = new Running(dispatch.Delivery, Epoch);
                effects.Run(dispatch, _cancelled.GetValueOrDefault(dispatch.Child.Scope));
                break;
            case SignalScope signal:
                _cancelled[signal.Scope] = signal.Cause;
                foreach ((ChildId child, Running running) in _running)
                {
                    if (child.Scope == signal.Scope && running.Epoch == Epoch) effects.Signal(new Delivery(child, running.Number), signal.Cause);
                }

                break;
            case ForgetScope forget:
                _cancelled.Remove(forget.Scope);
                break;
            default:
                throw new InvalidOperationException($"No such site message: {message.GetType().Name}.");
        }
    }

    /// <summary>A delivery that runs here, and the owner's epoch that it runs for.</summary>
    private sealed record Running(int Number, long Epoch);
}
