namespace Sheaf.Engine;

/// <summary>What arrives at a workflow from outside its turns. It becomes an event, or is late and changes nothing.</summary>
internal abstract record Input;

/// <summary>The workflow's first turn is due.</summary>
/// <param name="TraceParent">The W3C trace context of whoever started it; null where it has none.</param>
/// <param name="Deadline">When the time of the groups around it is up, where it is nested; null for never (R7).</param>
internal sealed record Begin(string? TraceParent = null, DateTimeOffset? Deadline = null) : Input;

/// <summary>A leaf's attempt ended.</summary>
internal sealed record LeafEnded(ChildId Child, int Attempt, int Delivery, Result Result, DateTimeOffset StartedAt) : Input
{
    /// <summary>Where it ran; null on the embedded host.</summary>
    public string? Silo { get; init; }

    /// <summary>What a step's own predicate said of the failure; null where types decide.</summary>
    public bool? IsWorthRetry { get; init; }
}

/// <summary>Deliveries whose worker is gone.</summary>
internal sealed record Lost(IReadOnlyList<Delivery> Deliveries, string Reason) : Input
{
    /// <summary>Whether their site stopped in order and said so.</summary>
    public bool HandedBack { get; init; }
}

/// <summary>This owner stops in order, and with it these deliveries.</summary>
internal sealed record StopOwner(IReadOnlyList<Delivery> Deliveries) : Input;

/// <summary>A timer ran out.</summary>
internal sealed record TimerDue(TimerKey Key, int Attempt) : Input;

/// <summary>Somebody asks for cancellation.</summary>
internal sealed record AskCancel(string? Reason, string? By) : Input;

/// <summary>Somebody ends the workflow's code.</summary>
internal sealed record AskTerminate(string? Reason, string? By) : Input;

/// <summary>Somebody sends a signal.</summary>
internal sealed record AskSignal(string Name, string? Json, string? Key) : Input;

/// <summary>A running delivery asks its workflow for something, and waits for the answer.</summary>
internal abstract record LeafAsk(ChildId Child, int Delivery) : Input;

/// <summary>It asks for a sibling.</summary>
internal sealed record AskSpawn(ChildId Parent, int Delivery, string Name, string Worker, string Json) : LeafAsk(Parent, Delivery);

/// <summary>It says that it is ready.</summary>
internal sealed record AskReady(ChildId Child, int Delivery, string? Json) : LeafAsk(Child, Delivery);
