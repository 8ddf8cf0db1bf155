using System.Globalization;

namespace Sheaf.Engine;

/// <summary>Where a durable child stands.</summary>
internal enum ChildStatus
{
    /// <summary>Started by the code, waiting for a place in its group's window.</summary>
    Waiting = 0,

    /// <summary>Delivered, or running as code.</summary>
    Running,

    /// <summary>Failed, and waiting for its next attempt.</summary>
    BackingOff,

    /// <summary>Ended; its result is final.</summary>
    Ended,
}

/// <summary>One child in the fold of the journal.</summary>
/// <remarks>Transitions: waiting → running ⇄ backing off; any of them → ended, once. Changed by <see cref="Transitions"/> only.</remarks>
internal sealed class ChildState(ScopeState scope, StartChild start)
{
    public ScopeState Scope => scope;

    public StartChild Start => start;

    public ChildId Id => start.Child;

    public ChildStatus Status { get; set; }

    /// <summary>The attempt that runs or ran last, from 1; 0 before the first.</summary>
    public int Attempt { get; set; }

    /// <summary>When that attempt began; null before the first.</summary>
    public DateTimeOffset? AttemptAt { get; set; }

    /// <summary>The delivery that runs or ran last, over all attempts: the fencing token (D2). 0 before the first.</summary>
    public int Delivery { get; set; }

    /// <summary>Deliveries lost in the current attempt.</summary>
    public int LostDeliveries { get; set; }

    /// <summary>Whether the current delivery ended with an owner that stopped in order.</summary>
    public bool IsHandedBack { get; set; }

    /// <summary>Whether its scope was cancelled while it ran (C4).</summary>
    public bool IsCancelRequested { get; set; }

    /// <summary>Whether it has said that it is ready (R14).</summary>
    public bool IsReady { get; set; }

    /// <summary>What it is ready with, as JSON text.</summary>
    public string? ReadyValue { get; set; }

    /// <summary>A child that never got ready has failed to start, which is its starter's affair (R14).</summary>
    public bool IsIsolated => start.Isolated || (start.GetsReady && !IsReady);

    /// <summary>Null until the child has ended.</summary>
    public Result? Result { get; set; }

    /// <summary>What the last failed attempt failed with.</summary>
    public Failure? LastFailure { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public string? Silo { get; set; }

    /// <summary>When the next attempt begins; null unless backing off.</summary>
    public DateTimeOffset? RetryAt { get; set; }

    /// <summary>The scope of a branch or group; null for leaves, and before the code begins.</summary>
    public ScopeState? Inner { get; set; }

    /// <summary>Leaves run away from the workflow's code: they are delivered, retried and cancelled by message.</summary>
    public bool IsLeaf => start.Kind is ChildKind.Worker or ChildKind.Step or ChildKind.Workflow;

    /// <summary>What goes on by itself, and its workflow's code with it.</summary>
    public bool IsWork => IsLeaf || IsWait;

    /// <summary>A workflow is not given up (R9): it has grace periods of its own, and what is stuck waits to be mended.</summary>
    public bool CanBeAbandoned => start.Kind is ChildKind.Worker or ChildKind.Step;

    /// <summary>Delays and signals wait, and run nowhere.</summary>
    public bool IsWait => start.Kind is ChildKind.Delay or ChildKind.Signal;

    /// <summary>Nested groups and waits take no place in their group's window (R11).</summary>
    public bool TakesPlace => start.Kind != ChildKind.Group && !IsWait;

    /// <summary>When a delay ends.</summary>
    public DateTimeOffset? DueAt { get; set; }

    /// <summary>The id of the workflow that the child's current attempt is: always the same, so that it is started once.</summary>
    /// <remarks>No run of the first attempt has the name of a later one: a tilde is for runs.</remarks>
    public string WorkflowIdIn(WorkflowState workflow) =>
        Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $"{workflow.RunName}/{Id}.{Attempt}") : string.Create(CultureInfo.InvariantCulture, $"{workflow.RunName}/{Id}");

    /// <summary>The child as the origin of its failure, in its group.</summary>
    public FailureOrigin OriginIn(WorkflowState workflow) => new()
    {
        Path = [start.Name],
        WorkflowId = workflow.Id.Value,
        Worker = start.Worker,
        Silo = Silo,
        Attempt = Math.Max(Attempt, 1),
        Delivery = Delivery,
        StartedAt = StartedAt,
        EndedAt = EndedAt,
        TraceId = workflow.TraceId,
    };

    /// <summary>Whether this delivery's word that it is ready is the first.</summary>
    public bool MayGetReady(int delivery) => start.GetsReady && Status == ChildStatus.Running && !IsReady && Delivery == delivery;

    /// <summary>What a delivery that says so is told: whether it has. Said again, since the answer was lost, it is told the same: a ready child has no other delivery.</summary>
    public bool IsReadyBy(int delivery) => IsReady && Delivery == delivery;

    /// <summary>Whether an outcome of this attempt and delivery is the one waited for; anything else is late and changes nothing.</summary>
    public bool Expects(int attempt, int delivery) => Status == ChildStatus.Running && IsLeaf && (Attempt, Delivery) == (attempt, delivery);
}
