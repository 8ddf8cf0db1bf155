namespace Sheaf.Engine;

/// <summary>How cancellation goes down through scopes (R6 to R8).</summary>
internal static partial class Transitions
{
    /// <summary>Cancels a scope once; later causes change nothing.</summary>
    private static void Cancel(WorkflowState state, ScopeState scope, CancelSource source, CancellationCause cause, IEffects effects)
    {
        if (scope.Cause is not null || scope.Result is not null) return;
        scope.Source = source;
        scope.Cause = cause;
        effects.ScopeCancelled(scope);
        while (scope.Window.TryDequeue(out ChildState? waiting)) End(state, waiting, Result.NotStarted, effects);

        bool anyRuns = false;
        // By index: ending a child may, through fail-fast, come back here, but never adds children.
        for (int i = 0; i < scope.Children.Count; i++)
        {
            ChildState child = scope.Children[i];
            switch (child)
            {
                case { Status: ChildStatus.BackingOff }:
                    effects.StopTimer(TimerKey.Retry(child.Id));
                    End(state, child, Result.Cancelled(child.LastFailure), effects);
                    break;
                case { Status: ChildStatus.Running, IsWait: true }:
                    if (child.DueAt is not null) effects.StopTimer(TimerKey.Delay(child.Id));
                    End(state, child, Result.Cancelled(), effects);
                    break;
                case { Status: ChildStatus.Running, IsLeaf: true }:
                    anyRuns = true;
                    child.IsCancelRequested = true;
                    break;
                case { Status: ChildStatus.Running, Inner: { } inner }:
                    CancelFromOutside(state, inner, cause, effects);
                    break;
                default:
                    break; // Ended, or waiting: those went with the window.
            }
        }

        if (anyRuns) effects.CancelRunning(scope);
    }

    /// <summary>Brings a surrounding scope's cancellation into this one, unless a shield holds it back for a while.</summary>
    private static void CancelFromOutside(WorkflowState state, ScopeState scope, CancellationCause outer, IEffects effects)
    {
        CancellationCause cause = new(CancellationCauseKind.ParentCancelled, null, null, state.Now) { Parent = outer };
        if (scope.Settings.Shield is not { } bound)
        {
            Cancel(state, scope, CancelSource.Outside, cause, effects);
            return;
        }

        if (scope.HeldBack is not null) return;
        scope.HeldBack = cause;
        StartGroupTimer(state, scope, TimerKind.Shield, bound, effects);
    }

    private static void OnTimer(WorkflowState state, TimerFired fired, IEffects effects)
    {
        if ((uint)fired.Scope >= (uint)state.Scopes.Count) return;
        ScopeState scope = state.Scopes[fired.Scope];
        switch (fired.Kind)
        {
            case TimerKind.Shield when scope.HeldBack is { } cause:
                Cancel(state, scope, CancelSource.Outside, cause, effects);
                break;
            case TimerKind.Deadline:
                Cancel(state, scope, CancelSource.Deadline, TimeIsUp(state, scope), effects);
                break;
            case TimerKind.MoveOn:
                Cancel(state, scope, CancelSource.Own, TimeIsUp(state, scope), effects);
                break;
            default:
                break;
        }
    }

    private static CancellationCause TimeIsUp(WorkflowState state, ScopeState scope) =>
        new(CancellationCauseKind.DeadlineExceeded, null, scope.Name, state.Now);

    private static CancellationCause CauseOf(WorkflowState state, CancelScope cancel) => cancel.Source == CancelSource.Failure
        ? new(CancellationCauseKind.SiblingFailed, cancel.Reason, null, state.Now)
        : new(CancellationCauseKind.Requested, cancel.Reason, state.Scopes[cancel.Scope].Name, state.Now);

    private static void StartGroupTimer(WorkflowState state, ScopeState scope, TimerKind kind, TimeSpan? dueIn, IEffects effects)
    {
        if (dueIn is not { } due || due == Timeout.InfiniteTimeSpan || scope.Cause is not null) return;
        // No time at all needs no timer: the scope is cancelled before its code begins.
        if (due == TimeSpan.Zero) OnTimer(state, new TimerFired(state.Now, scope.Id, kind), effects);
        else effects.StartTimer(TimerKey.Of(scope.Id, kind), Later(state.Now, due));
    }

    private static void StopGroupTimer(ScopeState scope, TimerKind kind, IEffects effects)
    {
        bool has = kind switch
        {
            TimerKind.Deadline => scope.Settings.Deadline is not null,
            TimerKind.MoveOn => scope.Settings.MoveOnAfter is not null,
            _ => scope.HeldBack is not null,
        };
        if (has) effects.StopTimer(TimerKey.Of(scope.Id, kind));
    }
}
