using Sheaf.Journal;

namespace Sheaf.Engine;

/// <summary>The state of a workflow for people.</summary>
internal static class Descriptions
{
    public static WorkflowDescription Of(WorkflowHeader header, IReadOnlyList<JournalEntry> entries, string? stuckReason, IRunningView? running = null)
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
            WaitsFor = stuckReason is null && state.WaitsForNothing ? "nothing of its own: no child, delay or signal is open, and its code has not ended" : null,
            Signals = [.. state.Kept.OrderBy(kept => kept.Key, StringComparer.Ordinal).SelectMany(kept => kept.Value.Select(_ => kept.Key))],
            Children = state.HasStarted ? new Describing(state, running).ChildrenOf(state.Root) : [],
            Run = state.Run,
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

    /// <summary>What a child has failed with, as it is shown. That of a group is made of its children's, each of which was bounded (E7).</summary>
    public static Failure? FailureOf(ChildState child) => child is { Result.Failure: { } failure, Inner: not null } ? FailureBudget.Bound(failure) : child.Result?.Failure;

    private sealed class Describing(WorkflowState state, IRunningView? running)
    {
        private readonly IReadOnlyDictionary<ChildId, string>? _waiting = running?.WhyWaiting();

        public IReadOnlyList<ChildDescription> ChildrenOf(ScopeState scope) => [.. scope.Children.Select(Of)];

        private ChildDescription Of(ChildState child) => new()
        {
            Name = child.Start.Name,
            Kind = child.Start.Kind.ToString(),
            Status = child.Status.ToString(),
            Outcome = child.Result?.Kind,
            Worker = child.Start.Worker,
            WorkflowId = child is { Start.Kind: ChildKind.Workflow, Attempt: > 0 } ? child.WorkflowIdIn(state) : null,
            Silo = child.Silo,
            Attempt = child.Attempt,
            Delivery = child.Delivery,
            IsReady = child.IsReady,
            StartedAt = child.StartedAt,
            EndedAt = child.EndedAt,
            Failure = FailureOf(child) ?? (child.Status == ChildStatus.BackingOff ? child.LastFailure : null),
            Cause = child.Inner?.Cause,
            WaitsFor = WaitsFor(child),
            Cancellation = CancellationOf(child),
            Children = child.Inner is { } inner ? ChildrenOf(inner) : [],
        };

        private string? WaitsFor(ChildState child) => child switch
        {
            { Status: ChildStatus.Waiting } => $"a place among the {child.Scope.Settings.MaxConcurrency} of its group",
            { Status: ChildStatus.BackingOff, RetryAt: { } at } => $"its next attempt, at {at:u}",
            { Status: ChildStatus.Running, DueAt: { } at } => $"{at:u}",
            { Status: ChildStatus.Running, Start.Kind: ChildKind.Signal } => $"signal '{child.Start.Name}'",
            { Status: ChildStatus.Running, Start.Kind: ChildKind.Workflow } => $"workflow '{child.WorkflowIdIn(state)}'",
            { Status: ChildStatus.Running, IsLeaf: true } => _waiting?.GetValueOrDefault(child.Id),
            _ => null,
        };

        private ChildCancellation CancellationOf(ChildState child)
        {
            if (!child.IsCancelRequested) return ChildCancellation.None;
            return child.Result?.Kind switch
            {
                null => running?.IsSignalled(child.Id) == true ? ChildCancellation.Delivered : ChildCancellation.Requested,
                OutcomeKind.Cancelled => ChildCancellation.Acknowledged,
                OutcomeKind.Abandoned => ChildCancellation.Abandoned,
                _ => ChildCancellation.Ignored,
            };
        }
    }
}
