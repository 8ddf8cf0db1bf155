namespace Sheaf;

/// <summary>Where a workflow stands: the fold of its journal (rule D11), so it holds while the workflow resumes too.</summary>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed record WorkflowDescription
{
    /// <summary>The workflow's id.</summary>
    public required WorkflowId Id { get; init; }

    /// <summary>The registered name of its code.</summary>
    public required string Workflow { get; init; }

    /// <summary>Where it stands.</summary>
    public required WorkflowStatus Status { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended; <see langword="null"/> while it has not.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What cancelled it; <see langword="null"/> where nothing did.</summary>
    public CancellationCause? Cause { get; init; }

    /// <summary>What it failed with; <see langword="null"/> where it did not.</summary>
    public Failure? Failure { get; init; }

    /// <summary>Why its code cannot go on; <see langword="null"/> unless it is stuck.</summary>
    public string? StuckReason { get; init; }

    /// <summary>The children of its code, each with its own.</summary>
    public IReadOnlyList<ChildDescription> Children { get; init; } = [];

    /// <summary>How many entries its journal has.</summary>
    public long JournalLength { get; init; }
}

/// <summary>Where a child stands.</summary>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed record ChildDescription
{
    /// <summary>The child's name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is: <c>Worker</c>, <c>Step</c>, <c>Branch</c> or <c>Group</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>What it does: <c>Waiting</c>, <c>Running</c>, <c>BackingOff</c> or <c>Ended</c>.</summary>
    public required string Status { get; init; }

    /// <summary>How it ended; <see langword="null"/> while it has not.</summary>
    public OutcomeKind? Outcome { get; init; }

    /// <summary>The worker's registered name; <see langword="null"/> for other kinds.</summary>
    public string? Worker { get; init; }

    /// <summary>Where it ran last; <see langword="null"/> on the embedded host.</summary>
    public string? Silo { get; init; }

    /// <summary>Its attempt, from 1; 0 before the first.</summary>
    public int Attempt { get; init; }

    /// <summary>Its delivery, from 1; 0 before the first.</summary>
    public int Delivery { get; init; }

    /// <summary>When it began; <see langword="null"/> while it has not.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; <see langword="null"/> while it has not.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What it failed with; while it backs off, its last failure.</summary>
    public Failure? Failure { get; init; }

    /// <summary>What cancelled its group, for a branch or group; <see langword="null"/> where nothing did.</summary>
    public CancellationCause? Cause { get; init; }

    /// <summary>The children of a branch or group.</summary>
    public IReadOnlyList<ChildDescription> Children { get; init; } = [];
}
