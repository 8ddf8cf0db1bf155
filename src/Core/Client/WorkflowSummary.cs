namespace Sheaf;

/// <summary>A workflow in a list.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Workflow">The registered name of its code.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="CreatedAt">When it was created.</param>
public sealed record WorkflowSummary(WorkflowId Id, string Workflow, WorkflowStatus Status, DateTimeOffset CreatedAt)
{
    /// <summary>When it ended; <see langword="null"/> while it has not.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}
