namespace Sheaf.Engine;

/// <summary>The workflow's code begins. Its input is in the workflow's header.</summary>
internal sealed record WorkflowStarted(DateTimeOffset At) : JournalEvent(At)
{
    /// <summary>The W3C trace context of whoever started it; null where it has none.</summary>
    public string? TraceParent { get; init; }

    /// <summary>When the time of the groups around it is up, where it is nested; null for never. Known to all inside, and kept by those around.</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary>
/// The workflow's code begins anew, with another input: its run before has ended so. Nothing before this entry is needed any more;
/// what outlasts a run is in it.
/// </summary>
/// <param name="At">When.</param>
/// <param name="Run">Which run begins, from 1: the first has been run 0.</param>
/// <param name="Input">Its input as JSON text.</param>
/// <param name="Deliveries">The highest number of a delivery before: numbers go on, so that a late outcome of an earlier run is none of this one.</param>
internal sealed record WorkflowContinued(DateTimeOffset At, int Run, string Input, int Deliveries) : JournalEvent(At)
{
    /// <summary>The W3C trace context of whoever started the workflow; null where it has none.</summary>
    public string? TraceParent { get; init; }

    /// <summary>When the time of the groups around it is up, where it is nested; null for never.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Signals that nobody has waited for yet, oldest first; null where there are none.</summary>
    public IReadOnlyList<KeptSignal>? Signals { get; init; }

    /// <summary>The keys of the signals that have come; null where there are none.</summary>
    public IReadOnlyList<string>? SignalKeys { get; init; }
}

/// <summary>A signal that nobody has waited for yet.</summary>
internal sealed record KeptSignal(string Name, string? Value);

/// <summary>An attempt at a worker's call or a step ended. Fenced by attempt and delivery (D2).</summary>
internal sealed record ChildEnded(DateTimeOffset At, ChildId Child, int Attempt, int Delivery, Result Result) : JournalEvent(At)
{
    /// <summary>When the attempt began, on the clock of where it ran.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Where it ran; null on the embedded host.</summary>
    public string? Silo { get; init; }

    /// <summary>What a step's own predicate said of the failure; null where types decide.</summary>
    public bool? IsWorthRetry { get; init; }
}

/// <summary>A running worker said that it is ready (R14). The first word counts.</summary>
/// <param name="At">When.</param>
/// <param name="Child">Which child.</param>
/// <param name="Delivery">Which delivery of it.</param>
/// <param name="Value">What it is ready with, as JSON text; null where that is nothing.</param>
internal sealed record ChildReady(DateTimeOffset At, ChildId Child, int Delivery, string? Value) : JournalEvent(At);

/// <summary>A running worker started a sibling (R2). Idempotent by parent and name.</summary>
internal sealed record ChildSpawned(DateTimeOffset At, ChildId Parent, int Delivery, string Name, string Worker, string Input) : JournalEvent(At);

/// <summary>Deliveries whose worker is gone: they say nothing of the attempt (D2).</summary>
internal sealed record DeliveriesLost(DateTimeOffset At, IReadOnlyList<Delivery> Deliveries, string Reason) : JournalEvent(At)
{
    /// <summary>Whether their site stopped in order and said so: then they do not count towards the most that may be lost.</summary>
    public bool HandedBack { get; init; }
}

/// <summary>The owner stops in order, and with it these deliveries: its successor has them delivered again, and they do not count as lost.</summary>
internal sealed record OwnerStopped(DateTimeOffset At, IReadOnlyList<Delivery> Deliveries) : JournalEvent(At);

/// <summary>One delivery of one child.</summary>
internal readonly record struct Delivery(ChildId Child, int Number);

/// <summary>The wait before another attempt is over.</summary>
internal sealed record RetryDue(DateTimeOffset At, ChildId Child, int FailedAttempt) : JournalEvent(At);

/// <summary>A group's timer ran out.</summary>
internal sealed record TimerFired(DateTimeOffset At, int Scope, TimerKind Kind) : JournalEvent(At);

/// <summary>Which of a group's timers. The numbers are part of the journal's format.</summary>
internal enum TimerKind
{
    Deadline = 0,
    MoveOn = 1,
    Shield = 2,

    /// <summary>Leaves of a cancelled scope that have not ended are abandoned (R9).</summary>
    Grace = 3,
}

/// <summary>The instant that a child waits for has come.</summary>
internal sealed record DelayEnded(DateTimeOffset At, ChildId Child) : JournalEvent(At);

/// <summary>A signal came from outside. It goes to the oldest child that waits for its name, or is kept for the next one.</summary>
/// <param name="At">When.</param>
/// <param name="Name">The signal's name.</param>
/// <param name="Value">Its value as JSON text.</param>
/// <param name="Key">Makes a repeated signal count once; null where the sender gave none.</param>
internal sealed record SignalReceived(DateTimeOffset At, string Name, string? Value, string? Key) : JournalEvent(At);

/// <summary>Somebody outside asked for the workflow's cancellation.</summary>
internal sealed record CancelRequested(DateTimeOffset At, string? Reason, string? By) : JournalEvent(At);

/// <summary>
/// Somebody outside ended the workflow's code: from here on the journal is folded, and no code is run, so that code which is stuck
/// can be ended too. What it has running is cancelled, and the workflow ends after it (R1).
/// </summary>
internal sealed record WorkflowTerminated(DateTimeOffset At, string? Reason, string? By) : JournalEvent(At);
