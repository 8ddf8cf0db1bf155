using Sheaf.Engine;

namespace Sheaf.Simulation;

/// <summary>A site: the real bookkeeping, and children that end when the simulator says so.</summary>
internal sealed class SimSite : ISiteEffects
{
    private readonly SimWorld _world;
    private readonly Dictionary<Delivery, Leaf> _leaves = [];
    private readonly Dictionary<long, InboundStream<SiteMessage>> _streams = [];

    public SimSite(SimWorld world, int index, int generation)
    {
        _world = world;
        Index = index;
        Generation = generation;
        Site = new WorkerSite(this);
    }

    public int Index { get; }

    public int Generation { get; }

    public WorkerSite Site { get; }

    public IReadOnlyCollection<Delivery> Leaves => _leaves.Keys;

    /// <summary>Deliveries that could end now, or say that they are ready.</summary>
    public IEnumerable<Delivery> Ready => _leaves.Where(pair => pair.Value.CanGoOn(_world) && !IsAsking(pair.Key, pair.Value)).Select(pair => pair.Key);

    public void OnMessage(ToSite message)
    {
        // Each owner has an epoch of its own here, so the epoch names its stream too.
        if (!_streams.TryGetValue(message.Epoch, out InboundStream<SiteMessage>? stream)) _streams[message.Epoch] = stream = new();
        foreach (SiteMessage ready in stream.Take(message.Number, message.Message)) Site.OnMessage(message.Epoch, ready, _world.Now);
        _world.Send(new Confirm(Index, Generation, message.Epoch, stream.AppliedBefore, Site.Epoch == message.Epoch ? Site.Found : null));
        // An old owner learns that it is.
        if (Site.Epoch > message.Epoch) _world.Send(new Confirm(Index, Generation, Site.Epoch, 0, null));
        SendKept();
    }

    /// <summary>Whether deliveries wait for the answer to their word.</summary>
    public bool Asks => _leaves.Any(pair => IsAsking(pair.Key, pair.Value));

    public void OnAnswer(Delivery delivery, bool isReady)
    {
        if (isReady) _world.Rules.OnReady(delivery);
        if (!_leaves.TryGetValue(delivery, out Leaf? leaf)) return;
        leaf.IsAnswered = true;
        if (!isReady) _world.Rules.OnRefused(delivery);
    }

    /// <summary>Says again what is not answered: whoever owns the workflow by now is asked.</summary>
    public void AskAgain()
    {
        foreach ((Delivery delivery, Leaf leaf) in _leaves)
        {
            if (IsAsking(delivery, leaf)) SendWord(delivery, leaf);
        }
    }

    public void End(Delivery delivery)
    {
        Leaf leaf = _leaves[delivery];
        // Most say that they are ready before they do anything else; the others never do.
        if (leaf.Dispatch.GetsReady && !leaf.HasAsked && (!leaf.CanEnd(_world) || _world.Random.Next(4) > 0))
        {
            leaf.HasAsked = true;
            SendWord(delivery, leaf);
            return;
        }

        if (leaf.KillsSite)
        {
            _world.CrashSite(Index, isFault: false);
            return;
        }

        _leaves.Remove(delivery);
        Result result = SimWorld.ResultOf(leaf.Name, leaf.Behaviour, leaf.Dispatch.Attempt, leaf.Cause is not null, _world.Random);
        if (leaf.Dispatch.GetsReady && !leaf.HasAsked && result.Kind == OutcomeKind.Succeeded)
            result = leaf.Cause is not null ? Result.Cancelled() : Result.Failed(Failure.From(Readiness.NeverReady(leaf.Name)));
        Site.OnEnded(new LeafEnded(delivery.Child, leaf.Dispatch.Attempt, delivery.Number, result, _world.Now) { Silo = $"site{Index}.{Generation}" });
        SendKept();
    }

    public void SendKept()
    {
        foreach (LeafEnded ended in Site.Kept) _world.Send(new Outcome(Index, Generation, Site.Epoch, ended));
    }

    /// <summary>Whether it waits for the answer to its word: not where nobody waits for it any more.</summary>
    private bool IsAsking(Delivery delivery, Leaf leaf) => leaf is { HasAsked: true, IsAnswered: false } && Site.IsRunning(delivery);

    private void SendWord(Delivery delivery, Leaf leaf) =>
        _world.Send(new Word(Index, Generation, Site.Epoch, new AskReady(delivery.Child, delivery.Number, $"\"{leaf.Name}#{delivery.Number}\"")));

    void ISiteEffects.Run(DispatchWorker dispatch, CancellationCause? cause)
    {
        _world.Rules.OnRun(dispatch);
        _leaves[new Delivery(dispatch.Child, dispatch.Delivery)] = new Leaf(dispatch, cause);
    }

    void ISiteEffects.SignalScope(int scope, CancellationCause cause)
    {
        foreach ((Delivery delivery, Leaf leaf) in _leaves)
        {
            if (delivery.Child.Scope == scope) leaf.Cause ??= cause;
        }
    }

    void ISiteEffects.Forget(int scope)
    {
    }

    void ISiteEffects.Signal(Delivery delivery, CancellationCause cause)
    {
        if (_leaves.TryGetValue(delivery, out Leaf? leaf)) leaf.Cause ??= cause;
    }

    private sealed class Leaf(DispatchWorker dispatch, CancellationCause? cause)
    {
        public DispatchWorker Dispatch => dispatch;

        public string Name => dispatch.Name;

        public Behaviour Behaviour { get; } = Enum.Parse<Behaviour>(dispatch.Worker);

        public CancellationCause? Cause { get; set; } = cause;

        /// <summary>Whether it has said that it is ready, and whether it was told that it has.</summary>
        public bool HasAsked { get; set; }

        public bool IsAnswered { get; set; }

        /// <summary>Whether it could do something now, as far as its site knows.</summary>
        public bool CanGoOn(SimWorld world) => (dispatch.GetsReady && !HasAsked) || CanEnd(world);

        public bool CanEnd(SimWorld world) => SimWorld.CanEnd(Behaviour, Cause is not null, () => world.IsAbandoned(new Delivery(dispatch.Child, dispatch.Delivery)));

        public bool KillsSite => Cause is null && (Behaviour == Behaviour.KillSites || (Behaviour == Behaviour.KillSiteTwice && dispatch.Delivery <= 2));
    }
}
