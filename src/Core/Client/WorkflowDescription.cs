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

    /// <summary>
    /// That its code waits for something that is not the workflow's, or for its cancellation: no child, delay or signal is open, and it has not
    /// ended. <see langword="null"/> where it waits for what it has started, is stuck, or has ended.
    /// </summary>
    public string? WaitsFor { get; init; }

    /// <summary>The names of the signals that have come and that nobody has waited for yet; one that has come several times is here as often.</summary>
    public IReadOnlyList<string> Signals { get; init; } = [];

    /// <summary>The children of its code, each with its own.</summary>
    public IReadOnlyList<ChildDescription> Children { get; init; } = [];

    /// <summary>How often the workflow has continued as new; its children are those of the last run.</summary>
    public int Run { get; init; }

    /// <summary>How many entries its journal has.</summary>
    public long JournalLength { get; init; }
}
