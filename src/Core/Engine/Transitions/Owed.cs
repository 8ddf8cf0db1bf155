namespace Sheaf.Engine;

/// <summary>What a workflow's state still owes to the world: asked for after a replay, which drops the requests themselves.</summary>
internal static class Owed
{
    /// <summary>Starts again every timer whose moment has not been journaled. One that is past fires at once: downtime counts (R7).</summary>
    public static void Timers(WorkflowState state, IEffects effects)
    {
        foreach (ScopeState scope in state.Scopes)
        {
            if (scope.Result is not null) continue;
            foreach (ChildState child in scope.Children)
            {
                if (child is { Status: ChildStatus.BackingOff, RetryAt: { } retryAt }) effects.StartTimer(TimerKey.Retry(child.Id), retryAt);
                if (child is { Status: ChildStatus.Running, DueAt: { } dueAt }) effects.StartTimer(TimerKey.Delay(child.Id), dueAt);
            }

            if (scope is { AbandonAt: { } abandonAt, HasLeafToAbandon: true }) effects.StartTimer(TimerKey.Of(scope.Id, TimerKind.Grace), abandonAt);
            if (scope.Cause is not null) continue;
            Start(scope, TimerKind.Deadline, scope.Settings.Deadline, scope.OpenedAt, effects);
            Start(scope, TimerKind.MoveOn, scope.Settings.MoveOnAfter, scope.OpenedAt, effects);
            if (scope.HeldBack is { } held) Start(scope, TimerKind.Shield, scope.Settings.Shield, held.At, effects);
        }
    }

    /// <summary>
    /// Signals again every scope that is cancelled while leaves of it run: the signal may have been asked for by the very
    /// commit whose answer was lost. A second signal changes nothing.
    /// </summary>
    public static void Cancellations(WorkflowState state, IEffects effects)
    {
        foreach (ScopeState scope in state.Scopes)
        {
            if (scope is { Cause: not null, Result: null, HasRunningLeaf: true }) effects.CancelRunning(scope);
        }
    }

    /// <summary>
    /// Asks again for deliveries that were never handed out: by an owner that lives, and knows that the commit that asked for
    /// them was written after all. Nothing was lost with them.
    /// </summary>
    public static void Dispatches(WorkflowState state, IReadOnlyCollection<Delivery> deliveries, IEffects effects)
    {
        foreach (Delivery delivery in deliveries) effects.Dispatch(state.Find(delivery.Child)!);
    }

    /// <summary>Leaves whose delivery may run somewhere, or may not.</summary>
    public static IReadOnlyList<Delivery> Deliveries(WorkflowState state) =>
        [.. state.RunningLeaves().Select(child => new Delivery(child.Id, child.Delivery))];

    private static void Start(ScopeState scope, TimerKind kind, TimeSpan? dueIn, DateTimeOffset from, IEffects effects)
    {
        if (dueIn is { } due && due != Timeout.InfiniteTimeSpan) effects.StartTimer(TimerKey.Of(scope.Id, kind), Transitions.Later(from, due));
    }
}
