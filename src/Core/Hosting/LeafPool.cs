using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>The leaves of one workflow that run in this process.</summary>
/// <remarks>Not thread-safe: whoever owns it calls it, one call at a time. Leaves end on the pool's threads and report there.</remarks>
internal sealed class LeafPool(WorkflowId workflow, HostContext host, Action<LeafEnded> onEnded, Func<LeafAsk, Task<bool>> ask)
{
    private readonly Dictionary<int, LeafScope> _scopes = [];

    // By delivery: an earlier one of a child may ignore that it was given up, and runs all the same.
    private readonly Dictionary<Delivery, Leaf> _leaves = [];

    // Set once, when nobody waits for anything of it any more.
    private CancellationCause? _abandoned;

    /// <summary>Deliveries that run here, or have ended here and are not applied yet.</summary>
    public IEnumerable<Delivery> Deliveries => _leaves.Keys;

    /// <summary>Those that are over when this host stops.</summary>
    public IEnumerable<Delivery> EndingWithHost => _leaves.Where(pair => pair.Value.EndsWithHost).Select(pair => pair.Key);

    public bool IsEmpty => _leaves.Count == 0;

    /// <summary>Of how many scopes something is known here.</summary>
    public int ScopeCount => _scopes.Count;

    public bool Has(Delivery delivery) => _leaves.ContainsKey(delivery);

    public void Start(DispatchWorker dispatch)
    {
        LeafScope scope = Scope(dispatch.Child.Scope);
        Start(dispatch.Map is { } map ? new MapLeaf(host, workflow, dispatch, map, scope, onEnded, ask) : new WorkerLeaf(host, workflow, dispatch, scope, onEnded, ask));
    }

    public void Start(RunStep step) => Start(new StepLeaf(host, workflow, step, Scope(step.Child.Scope), onEnded));

    public void Start(RunWorkflow run) => Start(new WorkflowLeaf(host, workflow, run, Scope(run.Child.Scope), onEnded));

    /// <summary>Forgets a delivery whose end has been applied, or is waited for no longer.</summary>
    public void OnApplied(ChildId child, int delivery)
    {
        if (!_leaves.Remove(new Delivery(child, delivery), out Leaf? leaf)) return;
        leaf.GiveUp();
        // A scope that is not cancelled has nothing to remember for those that come.
        if (_scopes.TryGetValue(child.Scope, out LeafScope? scope) && --scope.Leaves == 0 && scope.Cause is null) _scopes.Remove(child.Scope);
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
        if (_leaves.TryGetValue(delivery, out Leaf? leaf)) host.Signals.Add(leaf);
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
        _leaves[new Delivery(leaf.Child, leaf.Delivery)] = leaf;
        Scope(leaf.Child.Scope).Leaves++;
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
