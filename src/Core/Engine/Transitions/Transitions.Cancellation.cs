namespace Sheaf.Engine;

/// <summary>How cancellation goes down through scopes (R6 to R8).</summary>
internal static partial class Transitions
{
    /// <summary>Cancels a scope once, and what is inside it; later causes change nothing.</summary>
    private static void Cancel(WorkflowState state, ScopeState scope, CancelSource source, CancellationCause cause, IEffects effects)
    {
        // A stack of its own: groups nest deeper than a thread's goes.
        Stack<(ScopeState Scope, int Next, bool AnyRuns)> open = new();
        Enter(scope, source, cause);
        while (open.TryPop(out (ScopeState Scope, int Next, bool AnyRuns) at))
        {
            if (at.Next == at.Scope.Children.Count)
            {
                if (at.AnyRuns) LeavesAreToEnd(state, at.Scope, effects);
                continue;
            }

            ChildState child = at.Scope.Children[at.Next];
            open.Push((at.Scope, at.Next + 1, at.AnyRuns || child is { Status: ChildStatus.Running, IsLeaf: true }));
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
                    child.IsCancelRequested = true;
                    break;
                case { Status: ChildStatus.Running, Inner: { } inner }:
                    if (ComeFromOutside(state, inner, at.Scope.Cause!, effects) is { } comes) Enter(inner, CancelSource.Outside, comes);
                    break;
                default:
                    break; // Ended, or waited and went with the window.
            }
        }

        void Enter(ScopeState entered, CancelSource by, CancellationCause why)
        {
            if (entered.Cause is not null || entered.Result is not null) return;
            entered.Source = by;
            entered.Cause = why;
            effects.ScopeCancelled(entered);
            while (entered.Window.TryDequeue(out ChildState? waiting)) End(state, waiting, Result.NotStarted, effects);
            open.Push((entered, 0, false));
        }
    }

    /// <summary>Leaves run in a scope that is cancelled: they are told, and have until the end of its grace (R9).</summary>
    private static void LeavesAreToEnd(WorkflowState state, ScopeState scope, IEffects effects)
    {
        effects.CancelRunning(scope);
        if (scope.GracePeriod == Timeout.InfiniteTimeSpan) return;
        scope.AbandonAt = Later(state.Now, scope.GracePeriod);
        effects.StartTimer(TimerKey.Of(scope.Id, TimerKind.Grace), scope.AbandonAt.Value);
    }

    /// <summary>
    /// Ends the leaves that have ignored their cancellation (R9). Only those of this scope: groups inside it that a shield covers have
    /// not been cancelled yet, and count from when they are.
    /// </summary>
    private static void Abandon(WorkflowState state, ScopeState scope, IEffects effects)
    {
        // A termination may have cut the grace short.
        TimeSpan waited = state.IsTerminated ? scope.AbandonAt!.Value - scope.Cause!.At : scope.GracePeriod;
        // By index: an end never adds children, since nothing is started in a cancelled scope.
        for (int i = 0; i < scope.Children.Count; i++)
        {
            if (scope.Children[i] is not { CanBeAbandoned: true, Status: ChildStatus.Running } leaf) continue;
            effects.GiveUp(leaf);
            End(state, leaf, Result.Abandoned(Failure.From(ChildAbandonedException.Of(leaf.Start.Name, waited))), effects);
        }
    }

    /// <summary>A surrounding scope's cancellation reaches this one: the cause to cancel it for; null where a shield holds it back for a while.</summary>
    private static CancellationCause? ComeFromOutside(WorkflowState state, ScopeState scope, CancellationCause outer, IEffects effects)
    {
        CancellationCause cause = new(CancellationCauseKind.ParentCancelled, null, null, state.Now) { Parent = outer };
        if (scope.Settings.Shield is not { } bound) return cause;
        if (scope.HeldBack is not null) return null;
        scope.HeldBack = cause;
        StartGroupTimer(state, scope, TimerKind.Shield, bound, effects);
        return null;
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
            case TimerKind.Grace when scope.AbandonAt is not null:
                Abandon(state, scope, effects);
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
            TimerKind.Grace => scope.AbandonAt is not null,
            _ => scope.HeldBack is not null,
        };
        if (has) effects.StopTimer(TimerKey.Of(scope.Id, kind));
    }
}
