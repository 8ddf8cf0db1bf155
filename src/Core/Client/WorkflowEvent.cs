namespace Sheaf;

/// <summary>Something that happened in a workflow, after it became durable.</summary>
/// <param name="Sequence">The number of the journal entry that brought it. Several events may share one.</param>
/// <param name="At">When.</param>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Path">The names from the outermost group to the child; empty for the workflow itself.</param>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed record WorkflowEvent(long Sequence, DateTimeOffset At, WorkflowEventKind Kind, IReadOnlyList<string> Path)
{
    /// <summary>How the child or workflow ended; <see langword="null"/> for other events.</summary>
    public OutcomeKind? Outcome { get; init; }

    /// <summary>What a child, an attempt or the workflow failed with.</summary>
    public Failure? Failure { get; init; }

    /// <summary>What cancelled the scope.</summary>
    public CancellationCause? Cause { get; init; }

    /// <summary>The worker's registered name.</summary>
    public string? Worker { get; init; }

    /// <summary>Where it ran; <see langword="null"/> on the embedded host.</summary>
    public string? Silo { get; init; }

    /// <summary>The attempt, from 1.</summary>
    public int Attempt { get; init; }

    /// <summary>The path as one string, its parts separated by <c>/</c>.</summary>
    public string PathText => string.Join('/', Path);
}
