namespace Sheaf;

/// <summary>Where a child stands.</summary>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed record ChildDescription
{
    /// <summary>The child's name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is: <c>Worker</c>, <c>Step</c>, <c>Branch</c>, <c>Group</c>, <c>Workflow</c>, or <c>Delay</c> and <c>Signal</c> for waits.</summary>
    public required string Kind { get; init; }

    /// <summary>What it does: <c>Waiting</c>, <c>Running</c>, <c>BackingOff</c> or <c>Ended</c>.</summary>
    public required string Status { get; init; }

    /// <summary>How it ended; <see langword="null"/> while it has not.</summary>
    public OutcomeKind? Outcome { get; init; }

    /// <summary>The registered name of the worker or workflow; <see langword="null"/> for other kinds.</summary>
    public string? Worker { get; init; }

    /// <summary>The id of a child that is a workflow of its own: of its current attempt; <see langword="null"/> for other kinds, and before the first.</summary>
    public string? WorkflowId { get; init; }

    /// <summary>Where it ran last; <see langword="null"/> on the embedded host.</summary>
    public string? Silo { get; init; }

    /// <summary>Its attempt, from 1; 0 before the first.</summary>
    public int Attempt { get; init; }

    /// <summary>Its delivery, from 1; 0 before the first.</summary>
    public int Delivery { get; init; }

    /// <summary>Whether it has said that it is ready (rule R14); never of a child that was not started so.</summary>
    public bool IsReady { get; init; }

    /// <summary>When it began; <see langword="null"/> while it has not.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; <see langword="null"/> while it has not.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What it failed with; while it backs off, its last failure.</summary>
    public Failure? Failure { get; init; }

    /// <summary>What cancelled its group, for a branch or group; <see langword="null"/> where nothing did.</summary>
    public CancellationCause? Cause { get; init; }

    /// <summary>What a child that has not ended waits for, in words: a place in its group, a silo with its worker, its next attempt, an instant or a signal; <see langword="null"/> where it runs.</summary>
    public string? WaitsFor { get; init; }

    /// <summary>What became of its cancellation (rule C4), for a worker or step.</summary>
    public ChildCancellation Cancellation { get; init; }

    /// <summary>The children of a branch or group.</summary>
    public IReadOnlyList<ChildDescription> Children { get; init; } = [];
}
