using System.Globalization;

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

    /// <summary>When the time of the groups around it is up, where it is nested; null for never (R7).</summary>
    public DateTimeOffset? Deadline { get; set; }

    /// <summary>The id of that trace: 32 hexadecimal digits after the version.</summary>
    public string? TraceId => TraceParent is { Length: >= 35 } parent ? parent[3..35] : null;

    /// <summary>Which run this is, from 0: how often the workflow has continued as new.</summary>
    public int Run { get; private set; }

    /// <summary>The run's input as JSON text; null for the first, whose input is in the workflow's header.</summary>
    public string? Input { get; private set; }

    /// <summary>The input of the run that comes after this one, which has ended; null where the workflow ended with it, or neither has.</summary>
    public string? ContinuesWith { get; set; }

    /// <summary>What it fails with if it is cancelled before that; null where it just ends as cancelled.</summary>
    public Failure? Otherwise { get; set; }

    /// <summary>The highest number of a delivery of earlier runs.</summary>
    public int EarlierDeliveries { get; private set; }

    /// <summary>The name of this run, for all that must be told apart from other runs': keys, ids and chance.</summary>
    public string RunName => NameOfRun(Id, Run);

    /// <summary>How many workers, steps, nested workflows and waits have been started and not ended.</summary>
    public int OpenWork { get; set; }

    /// <summary>Its code has not ended, and nothing that it has started will go on with it.</summary>
    public bool WaitsForNothing => HasStarted && !HasEnded && ContinuesWith is null && OpenWork == 0;

    /// <summary>What the workflow fails with once all that it has started has ended; null unless it was terminated.</summary>
    public Failure? Termination { get; set; }

    /// <summary>Of one that is terminated, scopes that have no open child and have not ended. Empty between transitions.</summary>
    public Stack<ScopeState> Childless { get; } = new();

    /// <summary>Whether its code is over, by somebody's order.</summary>
    public bool IsTerminated => Termination is not null;

    /// <summary>Null until the workflow has ended.</summary>
    public Result? Result { get; set; }

    public ScopeState Root => Scopes[0];

    public bool HasStarted => Scopes.Count > 0;

    public bool HasEnded => Result is not null;

    public static string NameOfRun(WorkflowId id, int run) => run == 0 ? id.Value : string.Create(CultureInfo.InvariantCulture, $"{id}~{run}");

    /// <summary>The event that begins the next run.</summary>
    public WorkflowContinued ToContinued(DateTimeOffset now)
    {
        KeptSignal[] signals = [.. Kept.OrderBy(kept => kept.Key, StringComparer.Ordinal).SelectMany(kept => kept.Value.Select(value => new KeptSignal(kept.Key, value)))];
        int deliveries = Scopes.SelectMany(scope => scope.Children).Select(child => child.Delivery).DefaultIfEmpty(EarlierDeliveries).Max();
        // The next run's journal begins here, and a workflow's clock never goes back.
        return new WorkflowContinued(now > Now ? now : Now, Run + 1, ContinuesWith!, Math.Max(deliveries, EarlierDeliveries))
        {
            TraceParent = TraceParent,
            Deadline = Deadline,
            Signals = signals.Length > 0 ? signals : null,
            SignalKeys = SignalKeys.Count > 0 ? [.. SignalKeys.Order(StringComparer.Ordinal)] : null,
        };
    }

    /// <summary>Forgets the run before: all that is known is what the event says.</summary>
    public void Begin(WorkflowContinued continued)
    {
        Scopes.Clear();
        OpenWork = 0;
        Spawned.Clear();
        Waiting.Clear();
        Kept.Clear();
        SignalKeys.Clear();
        ContinuesWith = null;
        Otherwise = null;
        Run = continued.Run;
        Input = continued.Input;
        EarlierDeliveries = continued.Deliveries;
        TraceParent = continued.TraceParent;
        Deadline = continued.Deadline;
        foreach (KeptSignal signal in continued.Signals ?? []) Transitions.QueueOf(Kept, signal.Name).Enqueue(signal.Value);
        SignalKeys.UnionWith(continued.SignalKeys ?? []);
    }

    /// <summary>The child of that id, or null where there is none.</summary>
    public ChildState? Find(ChildId id) =>
        (uint)id.Scope < (uint)Scopes.Count && (uint)id.Ordinal < (uint)Scopes[id.Scope].Children.Count ? Scopes[id.Scope].Children[id.Ordinal] : null;

    /// <summary>Whether a child waits for a signal.</summary>
    public bool WaitsForSignal => Waiting.Values.Any(children => children.Any(child => child.Status == ChildStatus.Running));

    /// <summary>Leaves that have been delivered and not ended.</summary>
    public IEnumerable<ChildState> RunningLeaves() =>
        Scopes.Where(scope => scope.Result is null).SelectMany(scope => scope.Children).Where(child => child.IsLeaf && child.Status == ChildStatus.Running);
}
