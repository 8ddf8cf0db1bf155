using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>Runs the leaves of one workflow over the silos: steps beside the workflow, workers wherever there is room, nested workflows by themselves.</summary>
/// <remarks>
/// <para>Thread-safe: the actor calls it, and so do links. A delivery is: gathered → waiting for a site → assigned → applied;
/// or, of an earlier owner, sought → assigned or lost.</para>
/// <para>A site hears of each scope that is cancelled before it hears of a child in it: on the first message to it, of all.</para>
/// </remarks>
internal sealed class ClusterChildren : IChildRunner, IRunningView
{
    private readonly WorkflowId _workflow;
    private readonly long _epoch;
    private readonly SiteLinks _links;
    private readonly HostContext _host;
    private readonly Action<Letter> _post;
    
    // Steps, and the waits for nested workflows.
    private readonly LeafPool _beside;

    private readonly List<DispatchWorker> _gathered = [];
    private readonly Lock _gate = new();

    // Guarded by _gate. A link of null: waiting for a site.
    private readonly Dictionary<ChildId, (int Number, SiteLink? Link)> _assigned = [];
    private readonly Dictionary<int, CancellationCause> _cancelled = [];
    private readonly HashSet<SiteLink> _used = [];

    // Guarded by _gate. Where in a link's sequence a scope's signal is.
    private readonly Dictionary<(int Scope, SiteLink Link), long> _signals = [];
    private readonly HashSet<SiteLink> _asked = [];
    private readonly HashSet<Delivery> _sought = [];
    private bool _isOver;

    public ClusterChildren(WorkflowId workflow, long epoch, SiteLinks links, HostContext host, Action<Letter> post)
    {
        _workflow = workflow;
        _epoch = epoch;
        _links = links;
        _host = host;
        _post = post;
        // Neither steps nor workflows spawn siblings.
        _beside = new LeafPool(workflow, host, ended => post(new Letter(ended)), _ => Task.FromResult(false));
        links.Register(workflow, this);
    }

    /// <summary>What can be sent to a site.</summary>
    public MessageLimit MessageLimit { get; init; } = new(int.MaxValue);

    public IRunningView View => this;

    public IReadOnlyDictionary<ChildId, string> WhyWaiting()
    {
        Dictionary<ChildId, string> why = _links.WhyWaiting(this);
        lock (_gate)
        {
            foreach (Delivery delivery in _sought) why[delivery.Child] = "the answer of the silos that are asked where it runs";
        }

        return why;
    }

    public bool IsSignalled(ChildId child)
    {
        lock (_gate)
        {
            // A step or a nested workflow has no assignment: it is waited for beside its workflow.
            if (!_assigned.TryGetValue(child, out (int Number, SiteLink? Link) there)) return !_sought.Any(sought => sought.Child == child);
            return there.Link is { } link && _signals.TryGetValue((child.Scope, link), out long place) && link.IsConfirmed(place);
        }
    }

    /// <summary>Also those that wait for a site: their successors need not be sought.</summary>
    public IReadOnlyList<Delivery> EndingWithHost
    {
        get
        {
            lock (_gate)
            {
                IEnumerable<Delivery> here = _assigned.Where(pair => pair.Value.Link is not { } link || link.Silo == _host.OwnerName).Select(pair => new Delivery(pair.Key, pair.Value.Number));
                return [.. _beside.EndingWithHost, .. here];
            }
        }
    }

    public bool Has(Delivery delivery)
    {
        if (_beside.Has(delivery)) return true;
        lock (_gate) return _sought.Contains(delivery) || (_assigned.TryGetValue(delivery.Child, out (int Number, SiteLink?) there) && there.Number == delivery.Number);
    }

    /// <summary>A silo that has the worker may join; until then the child waits, visibly (D7).</summary>
    public string? WhyNever(DispatchWorker dispatch) => null;

    public void Start(DispatchWorker dispatch)
    {
        lock (_gate) _assigned[dispatch.Child] = (dispatch.Delivery, null);
        // Also where it would run here: what a child's end is does not depend on that.
        if (dispatch.Input is not { } input || MessageLimit.Fits(input)) _gathered.Add(dispatch);
        else Refuse(dispatch, MessageLimit.TooLarge($"child '{dispatch.Name}'", input, dispatch.Map is not null));
    }

    /// <summary>No message can carry the child: that is its failure, and nobody else's (D10). Another attempt would be as large.</summary>
    public void Refuse(DispatchWorker dispatch, PayloadTooLargeException error) =>
        _post(new Letter(new LeafEnded(dispatch.Child, dispatch.Attempt, dispatch.Delivery, Result.Failed(Failure.From(error)), _host.Time.GetUtcNow()) { IsWorthRetry = false }));

    public void Start(RunStep step) => _beside.Start(step);

    public void Start(RunWorkflow run) => _beside.Start(run);

    public void Flush()
    {
        if (_gathered.Count == 0) return;
        DispatchWorker[] dispatches = [.. _gathered];
        _gathered.Clear();
        _links.Place(this, dispatches);
    }

    /// <summary>Sends dispatches to a site. Called by <see cref="SiteLinks"/> only.</summary>
    public void Assign(SiteLink link, List<DispatchWorker> dispatches)
    {
        lock (_gate)
        {
            if (_isOver) return;
            foreach (DispatchWorker dispatch in dispatches) _assigned[dispatch.Child] = (dispatch.Delivery, link);
            Send_NeedsLock(link, [.. dispatches.Select(dispatch => new Deliver(dispatch))]);
        }
    }

    /// <summary>Asks every site for what an earlier owner's journal waits for.</summary>
    public void Attach(IReadOnlyList<Delivery> deliveries)
    {
        lock (_gate)
        {
            _sought.UnionWith(deliveries);
            Attach attach = new(deliveries);
            foreach (SiteLink link in _links.All.Where(link => !link.IsDead))
            {
                _asked.Add(link);
                Send_NeedsLock(link, [attach]);
            }
        }

        EndSearch();
    }

    public void OnFound(SiteLink link, long epoch, IReadOnlyList<Delivery> deliveries)
    {
        lock (_gate)
        {
            if (epoch != _epoch || !_asked.Remove(link)) return;
            foreach (Delivery delivery in deliveries.Where(_sought.Remove)) _assigned[delivery.Child] = (delivery.Number, link);
        }

        EndSearch();
    }

    /// <summary>All that the site ran is gone.</summary>
    public void OnSiteLost(SiteLink link, string reason, bool handedBack = false)
    {
        Delivery[] lost;
        lock (_gate)
        {
            lost = [.. _assigned.Where(pair => pair.Value.Link == link).Select(pair => new Delivery(pair.Key, pair.Value.Number))];
            foreach (Delivery delivery in lost) _assigned.Remove(delivery.Child);
            _used.Remove(link);
            _asked.Remove(link);
        }

        if (lost.Length > 0) _post(new Letter(new Lost(lost, reason) { HandedBack = handedBack }));
        EndSearch();
    }

    public void Cancel(int scope, CancellationCause cause)
    {
        _beside.Cancel(scope, cause);
        SiteLink[] links;
        lock (_gate)
        {
            if (!_cancelled.TryAdd(scope, cause)) return;
            links = [.. _used];
            foreach (SiteLink link in links) Send_NeedsLock(link, [new SignalScope(scope, cause)]);
        }

        // Those that have not been handed to any site need not be: they end here.
        DateTimeOffset now = _host.Time.GetUtcNow();
        foreach (DispatchWorker dispatch in _links.TakeBack(this, scope))
            _post(new Letter(new LeafEnded(dispatch.Child, dispatch.Attempt, dispatch.Delivery, Result.Cancelled(), now)));
    }

    public void Close(int scope)
    {
        _beside.Close(scope);
        lock (_gate)
        {
            // One that was never cancelled has left nothing behind; the workflow's own takes all with it.
            if (scope == 0) _cancelled.Clear();
            else if (!_cancelled.Remove(scope)) return;
            foreach (SiteLink link in _used)
            {
                Send_NeedsLock(link, [new ForgetScope(scope)]);
                _signals.Remove((scope, link));
            }

            if (scope == 0) _signals.Clear();
        }
    }

    public void OnApplied(ChildId child, int delivery)
    {
        _beside.OnApplied(child, delivery);
        lock (_gate)
        {
            if (_assigned.TryGetValue(child, out (int Number, SiteLink?) there) && there.Number == delivery) _assigned.Remove(child);
            // A kept outcome may come before the answer that says where it was: nothing to look for any more.
            _sought.Remove(new Delivery(child, delivery));
        }
    }

    public void Abandon(CancellationCause cause)
    {
        _beside.Abandon(cause);
        _links.Unregister(_workflow, this);
        lock (_gate)
        {
            _isOver = true;
            _assigned.Clear();
            _sought.Clear();
        }
    }

    /// <summary>D8: dispatched again is only what no site has.</summary>
    private void EndSearch()
    {
        Delivery[] lost;
        lock (_gate)
        {
            if (_asked.Count > 0 || _sought.Count == 0) return;
            lost = [.. _sought];
            _sought.Clear();
        }

        _post(new Letter(new Lost(lost, "the workflow's owner was lost, and no silo has the delivery")));
    }

    private void Send_NeedsLock(SiteLink link, List<SiteMessage> messages)
    {
        if (_used.Add(link) && _cancelled.Count > 0)
        {
            IEnumerable<SiteMessage> known = _cancelled.Select(pair => new SignalScope(pair.Key, pair.Value));
            // A new owner's question comes first: it begins the epoch.
            messages = messages[0] is Attach ? [.. messages, .. known] : [.. known, .. messages];
        }

        long place = link.Send([.. messages.Select(message => new SiteItem(_workflow, _epoch, message))]);
        foreach (SignalScope signal in messages.OfType<SignalScope>()) _signals[(signal.Scope, link)] = place;
    }
}
