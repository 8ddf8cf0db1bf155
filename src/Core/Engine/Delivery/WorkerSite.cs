namespace Sheaf.Engine;

/// <summary>What a site does when a message has its turn.</summary>
internal interface ISiteEffects
{
    /// <summary>Run a delivery; its scope may be cancelled already.</summary>
    void Run(DispatchWorker dispatch, CancellationCause? cause);

    /// <summary>Signal the running deliveries of a scope.</summary>
    void SignalScope(int scope, CancellationCause cause);

    /// <summary>Signal a running delivery that nobody waits for any more.</summary>
    void Signal(Delivery delivery, CancellationCause cause);

    /// <summary>Forget a scope.</summary>
    void Forget(int scope);
}

/// <summary>
/// One workflow's children on one site, as its owner's messages tell it: what runs, which scopes are cancelled, which
/// outcomes the owner has not committed yet (D8).
/// </summary>
/// <remarks>
/// <para>Not thread-safe, no clock. It is given the messages of one owner in the order of their numbers; what a site has of
/// several owners' streams is kept apart by the epoch: an older one's messages change nothing any more (D5).</para>
/// <para>States of a delivery: running → kept → acknowledged, or running → dropped, where its owner has no use for it.</para>
/// </remarks>
internal sealed class WorkerSite(ISiteEffects effects)
{
    private readonly Dictionary<ChildId, int> _running = [];
    private readonly Dictionary<int, CancellationCause> _cancelled = [];
    private readonly Dictionary<Delivery, LeafEnded> _kept = [];

    /// <summary>The newest epoch of the owner seen here; 0 before the first.</summary>
    public long Epoch { get; private set; }

    /// <summary>What the owner of this epoch found here when it began; null where it did not ask.</summary>
    public IReadOnlyList<Delivery>? Found { get; private set; }

    /// <summary>Outcomes to send until the owner says that they are committed.</summary>
    public IReadOnlyCollection<LeafEnded> Kept => _kept.Values;

    /// <summary>Whether this outcome is one of them.</summary>
    public bool IsKept(LeafEnded ended) => _kept.TryGetValue(new Delivery(ended.Child, ended.Delivery), out LeafEnded? kept) && ReferenceEquals(kept, ended);

    /// <summary>Deliveries that run here, and that their owner waits for.</summary>
    public IEnumerable<Delivery> RunningDeliveries => _running.Select(pair => new Delivery(pair.Key, pair.Value));

    /// <summary>Whether this delivery runs here, and its owner waits for it.</summary>
    public bool IsRunning(Delivery delivery) => _running.TryGetValue(delivery.Child, out int number) && number == delivery.Number;

    /// <summary>Takes the next message of an owner's stream.</summary>
    public void OnMessage(long epoch, SiteMessage message, DateTimeOffset now)
    {
        if (epoch < Epoch) return;
        if (epoch > Epoch) BeginEpoch(epoch, message as Attach, now);
        switch (message)
        {
            case Deliver { Dispatch: var dispatch }:
                // An earlier delivery of the child was given up while it ran here.
                if (_running.TryGetValue(dispatch.Child, out int earlier) && earlier != dispatch.Delivery)
                    effects.Signal(new Delivery(dispatch.Child, earlier), new(CancellationCauseKind.ParentCancelled, "the child was delivered again", null, now));
                _running[dispatch.Child] = dispatch.Delivery;
                effects.Run(dispatch, _cancelled.GetValueOrDefault(dispatch.Child.Scope));
                break;
            case SignalScope signal:
                _cancelled[signal.Scope] = signal.Cause;
                effects.SignalScope(signal.Scope, signal.Cause);
                break;
            case ForgetScope forget:
                _cancelled.Remove(forget.Scope);
                // With the workflow's own scope all has ended; what runs all the same, nobody waits for.
                if (forget.Scope == 0) Drop(new(CancellationCauseKind.ParentCancelled, "the workflow has ended", null, now));
                effects.Forget(forget.Scope);
                break;
            case Attach:
                break;
            default:
                throw new InvalidOperationException($"No such site message: {message.GetType().Name}.");
        }
    }

    /// <summary>A delivery ended here.</summary>
    /// <returns>Whether its owner waits for it; then it is kept until the owner has committed it.</returns>
    public bool OnEnded(LeafEnded ended)
    {
        if (!IsRunning(new Delivery(ended.Child, ended.Delivery))) return false;
        _running.Remove(ended.Child);
        _kept[new Delivery(ended.Child, ended.Delivery)] = ended;
        return true;
    }

    /// <summary>The owner has committed an outcome, or has no use for it.</summary>
    public void OnAcknowledged(Delivery delivery) => _kept.Remove(delivery);

    /// <summary>Nobody has been heard of for too long, or the workflow has ended: what runs is signalled, and nobody is told of its end (C5).</summary>
    public void Drop(CancellationCause cause)
    {
        foreach (Delivery delivery in RunningDeliveries) effects.Signal(delivery, cause);
        _running.Clear();
        _kept.Clear();
    }

    private void BeginEpoch(long epoch, Attach? attach, DateTimeOffset now)
    {
        Epoch = epoch;
        // The new owner says it again of those that still have children; of the others it may use the number again, in a later run.
        foreach (int scope in _cancelled.Keys.Where(scope => scope != 0)) effects.Forget(scope);
        _cancelled.Clear();
        HashSet<Delivery> wanted = [.. attach?.Deliveries ?? []];
        CancellationCause cause = new(CancellationCauseKind.ParentCancelled, "the workflow's new owner does not wait for it", null, now);
        foreach (Delivery delivery in RunningDeliveries.Where(delivery => !wanted.Contains(delivery)).ToArray())
        {
            _running.Remove(delivery.Child);
            effects.Signal(delivery, cause);
        }

        foreach (Delivery delivery in _kept.Keys.Where(delivery => !wanted.Contains(delivery)).ToArray()) _kept.Remove(delivery);
        Found = attach is null ? null : [.. RunningDeliveries, .. _kept.Keys];
    }
}
