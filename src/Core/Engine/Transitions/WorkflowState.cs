namespace Sheaf.Engine;

/// <summary>A workflow as its journal tells it: the fold of the entries, never of the code (D11).</summary>
/// <remarks>Valid while the code is still catching up. Not thread-safe: its owner's turns change it, one at a time.</remarks>
internal sealed class WorkflowState
{
    public WorkflowState(WorkflowId id) => Id = id;

    public WorkflowId Id { get; }

    /// <summary>The instant of the last event: the only clock that transitions know.</summary>
    public DateTimeOffset Now { get; set; }

    /// <summary>All scopes, by number. Empty until the workflow has started.</summary>
    public List<ScopeState> Scopes { get; } = [];

    /// <summary>Which (parent, name) pairs have spawned already (R2).</summary>
    public HashSet<(ChildId Parent, string Name)> Spawned { get; } = [];

    /// <summary>Children that wait for a signal, by its name, oldest first. Those that have ended since are passed over.</summary>
    public Dictionary<string, Queue<ChildState>> Waiting { get; } = [];

    /// <summary>Values of signals that nobody has waited for yet, by name, oldest first.</summary>
    public Dictionary<string, Queue<string?>> Kept { get; } = [];

    /// <summary>Keys of the signals that have come.</summary>
    public HashSet<string> SignalKeys { get; } = [];

    /// <summary>The W3C trace context of whoever started it; null where it has none.</summary>
    public string? TraceParent { get; set; }

    /// <summary>The id of that trace: 32 hexadecimal digits after the version.</summary>
    public string? TraceId => TraceParent is { Length: >= 35 } parent ? parent[3..35] : null;

    /// <summary>Null until the workflow has ended.</summary>
    public Result? Result { get; set; }

    public ScopeState Root => Scopes[0];

    public bool HasStarted => Scopes.Count > 0;

    public bool HasEnded => Result is not null;

    /// <summary>The child of that id, or null where there is none.</summary>
    public ChildState? Find(ChildId id) =>
        (uint)id.Scope < (uint)Scopes.Count && (uint)id.Ordinal < (uint)Scopes[id.Scope].Children.Count ? Scopes[id.Scope].Children[id.Ordinal] : null;

    /// <summary>Leaves that have been delivered and not ended.</summary>
    public IEnumerable<ChildState> RunningLeaves() =>
        Scopes.Where(scope => scope.Result is null).SelectMany(scope => scope.Children).Where(child => child.IsLeaf && child.Status == ChildStatus.Running);
}
