using Sheaf.Journal;

namespace Sheaf.Engine;

/// <summary>The state of a workflow for people.</summary>
internal static class Descriptions
{
    public static WorkflowDescription Of(WorkflowHeader header, IReadOnlyList<JournalEntry> entries, string? stuckReason)
    {
        WorkflowState state = new(header.Id);
        NoEffects nothing = new();
        foreach (JournalEntry entry in entries) Transitions.Apply(state, entry, nothing);
        return new WorkflowDescription
        {
            Id = header.Id,
            Workflow = header.Workflow,
            Status = stuckReason is null ? StatusOf(state) : WorkflowStatus.Stuck,
            CreatedAt = header.CreatedAt,
            EndedAt = state.HasEnded ? state.Now : null,
            Cause = state.HasStarted ? state.Root.Cause : null,
            Failure = state.Result?.Failure,
            StuckReason = stuckReason,
            Children = state.HasStarted ? ChildrenOf(state.Root) : [],
            JournalLength = entries.Count,
        };
    }

    public static WorkflowStatus StatusOf(WorkflowState state) => state.Result is null ? WorkflowStatus.Running : StatusOf(state.Result);

    public static WorkflowStatus StatusOf(Result result) => result.Kind switch
    {
        OutcomeKind.Succeeded => WorkflowStatus.Succeeded,
        OutcomeKind.Failed or OutcomeKind.Abandoned => WorkflowStatus.Failed,
        _ => WorkflowStatus.Cancelled,
    };

    private static IReadOnlyList<ChildDescription> ChildrenOf(ScopeState scope) => [.. scope.Children.Select(Of)];

    private static ChildDescription Of(ChildState child) => new()
    {
        Name = child.Start.Name,
        Kind = child.Start.Kind.ToString(),
        Status = child.Status.ToString(),
        Outcome = child.Result?.Kind,
        Worker = child.Start.Worker,
        Silo = child.Silo,
        Attempt = child.Attempt,
        Delivery = child.Delivery,
        StartedAt = child.StartedAt,
        EndedAt = child.EndedAt,
        Failure = child.Result?.Failure ?? (child.Status == ChildStatus.BackingOff ? child.LastFailure : null),
        Cause = child.Inner?.Cause,
        Children = child.Inner is { } inner ? ChildrenOf(inner) : [],
    };
}
