using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>The leaves of one workflow that run in this process.</summary>
/// <remarks>Not thread-safe: whoever owns it calls it, one call at a time. Leaves end on the pool's threads and report there.</remarks>
internal sealed class LeafPool(WorkflowId workflow, HostContext host, Action<LeafEnded> onEnded, Func<AskSpawn, Task<bool>> spawn)
{
    private readonly Dictionary<int, LeafScope> _scopes = [];
    private readonly Dictionary<ChildId, Leaf> _leaves = [];

    // Set once, when nobody waits for anything of it any more.
    private CancellationCause? _abandoned;

    /// <summary>Deliveries that run here, or have ended here and are not applied yet.</summary>
    public IEnumerable<Delivery> Deliveries => _leaves.Values.Select(leaf => new Delivery(leaf.Child, leaf.Delivery));

    /// <summary>Those that are over when this host stops.</summary>
    public IEnumerable<Delivery> EndingWithHost => _leaves.Values.Where(leaf => leaf.EndsWithHost).Select(leaf => new Delivery(leaf.Child, leaf.Delivery));

    public bool IsEmpty => _leaves.Count == 0;

    public bool Has(Delivery delivery) => _leaves.TryGetValue(delivery.Child, out Leaf? leaf) && leaf.Delivery == delivery.Number;

    public void Start(DispatchWorker dispatch)
    {
        LeafScope scope = Scope(dispatch.Child.Scope);
        Start(dispatch.Map is { } map ? new MapLeaf(host, workflow, dispatch, map, scope, onEnded, spawn) : new WorkerLeaf(host, workflow, dispatch, scope, onEnded, spawn));
    }

    public void Start(RunStep step) => Start(new StepLeaf(host, workflow, step, Scope(step.Child.Scope), onEnded));

    public void Start(RunWorkflow run) => Start(new WorkflowLeaf(host, workflow, run, Scope(run.Child.Scope), onEnded));

    /// <summary>Forgets a delivery whose end has been applied, or is waited for no longer.</summary>
    public void OnApplied(ChildId child, int delivery)
    {
        if (!Has(new Delivery(child, delivery))) return;
        _leaves[child].GiveUp();
        _leaves.Remove(child);
    }

    /// <summary>Signals the leaves of a scope, now and those that come. Not awaited: whoever cancels must not wait for callbacks.</summary>
    public void Cancel(int scope, CancellationCause cause)
    {
        Scope(scope).Cancel(cause);
        foreach (Leaf leaf in _leaves.Values)
        {
            if (leaf.Child.Scope == scope) host.Signals.Add(leaf);
        }
    }

    /// <summary>Signals one delivery.</summary>
    public void Cancel(Delivery delivery)
    {
        if (Has(delivery)) host.Signals.Add(_leaves[delivery.Child]);
    }

    /// <summary>Signals whatever runs and whatever may still be started: nobody waits for it any more.</summary>
    public void Abandon(CancellationCause cause)
    {
        _abandoned ??= cause;
        foreach (LeafScope scope in _scopes.Values) scope.Abandon(cause);
        foreach (Leaf leaf in _leaves.Values) host.Signals.Add(leaf);
    }

    /// <summary>Forgets a scope. With the workflow's own go all: the next run has scopes of the same numbers.</summary>
    public void Close(int scope)
    {
        if (scope == 0) _scopes.Clear();
        else _scopes.Remove(scope);
    }

    private void Start(Leaf leaf)
    {
        _leaves[leaf.Child] = leaf;
        host.Leaves.Add(leaf);
    }

    private LeafScope Scope(int id)
    {
        if (_scopes.TryGetValue(id, out LeafScope? scope)) return scope;
        _scopes[id] = scope = new LeafScope();
        if (_abandoned is not null) scope.Abandon(_abandoned);
        return scope;
    }
}
