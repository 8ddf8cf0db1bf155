namespace Sheaf.Journal;

/// <summary>What a store knows of a workflow beside its entries.</summary>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed record WorkflowHeader
{
    /// <summary>The workflow's id.</summary>
    public required WorkflowId Id { get; init; }

    /// <summary>The registered name of its code.</summary>
    public required string Workflow { get; init; }

    /// <summary>Its input as JSON text.</summary>
    public required string Input { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who runs it; <see langword="null"/> once it has ended or was given up.</summary>
    public string? Owner { get; init; }

    /// <summary>How often it has changed hands (rule D5). An append with an older one is refused.</summary>
    public long Epoch { get; init; }

    /// <summary>Where it stands; never <see cref="WorkflowStatus.Stuck"/>.</summary>
    public WorkflowStatus Status { get; init; }

    /// <summary>
    /// When it has something to do by itself, of one that only waits and has left memory (rule D7); <see cref="DateTimeOffset.MaxValue"/>
    /// where that is never, since it waits for signals only. <see langword="null"/> where it has something to do now, or may have.
    /// </summary>
    public DateTimeOffset? WakesAt { get; init; }

    /// <summary>When it ended; <see langword="null"/> while it has not.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}
