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

    /// <summary>Deliveries that could end now.</summary>
    public IEnumerable<Delivery> Ready => _leaves.Where(pair => pair.Value.IsReady(_world)).Select(pair => pair.Key);

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

    public void End(Delivery delivery)
    {
        Leaf leaf = _leaves[delivery];
        if (leaf.KillsSite)
        {
            _world.CrashSite(Index, isFault: false);
            return;
        }

        _leaves.Remove(delivery);
        Result result = SimWorld.ResultOf(leaf.Name, leaf.Behaviour, leaf.Dispatch.Attempt, leaf.Cause is not null, _world.Random);
        Site.OnEnded(new LeafEnded(delivery.Child, leaf.Dispatch.Attempt, delivery.Number, result, _world.Now) { Silo = $"site{Index}.{Generation}" });
        SendKept();
    }

    public void SendKept()
    {
        foreach (LeafEnded ended in Site.Kept) _world.Send(new Outcome(Index, Generation, Site.Epoch, ended));
    }

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

        /// <summary>Whether it could end now, as far as its site knows.</summary>
        public bool IsReady(SimWorld world) => SimWorld.CanEnd(Behaviour, Cause is not null, () => world.IsAbandoned(new Delivery(dispatch.Child, dispatch.Delivery)));

        public bool KillsSite => Cause is null && (Behaviour == Behaviour.KillSites || (Behaviour == Behaviour.KillSiteTwice && dispatch.Delivery <= 2));
    }
}
