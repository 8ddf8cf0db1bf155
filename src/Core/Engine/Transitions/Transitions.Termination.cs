namespace Sheaf.Engine;

/// <summary>How a workflow ends without its code.</summary>
/// <remarks>
/// Running → terminated → ended. The code is over with the first of them; what it has started is cancelled, shields or not, and has
/// its grace. Scopes end as their children have, the innermost first, where their code would have ended them.
/// </remarks>
internal static partial class Transitions
{
    private static void Terminate(WorkflowState state, WorkflowTerminated terminated, IEffects effects)
    {
        if (state.IsTerminated) return;
        CancellationCause cause = new(CancellationCauseKind.Requested, terminated.Reason, terminated.By, state.Now);
        state.Termination = Failure.From(WorkflowTerminatedException.Of(state.Id, cause)) with { Origins = [new() { WorkflowId = state.Id.Value, TraceId = state.TraceId }] };
        if (state.ContinuesWith is not null)
        {
            EndBetweenRuns(state, cause, effects);
            return;
        }

        // By index, and outer ones first: a cancellation opens no scope.
        for (int i = 0; i < state.Scopes.Count; i++)
        {
            ScopeState scope = state.Scopes[i];
            if (scope.Result is not null) continue;
            // What the cancellation of those around it has not reached a shield held back. There is no code left that it could protect.
            Cancel(state, scope, CancelSource.Outside, scope.Owner is { } owner ? new(CancellationCauseKind.ParentCancelled, null, null, state.Now) { Parent = owner.Scope.Cause } : cause, effects);
            BoundGrace(state, scope, effects);
            if (scope.OpenChildren == 0) state.Childless.Push(scope);
        }
    }

    /// <summary>Nobody is left who could do without a worker that does not end: no group waits for one for ever.</summary>
    private static void BoundGrace(WorkflowState state, ScopeState scope, IEffects effects)
    {
        DateTimeOffset latest = Later(state.Now, GroupSettings.DefaultGracePeriod);
        if (!scope.HasLeafToAbandon || scope.AbandonAt <= latest) return;
        scope.AbandonAt = latest;
        effects.StartTimer(TimerKey.Of(scope.Id, TimerKind.Grace), latest);
    }

    /// <summary>Ends the scopes that have no child left, and those around them that then have none.</summary>
    private static void EndWhatHasEnded(WorkflowState state, IEffects effects)
    {
        while (state.Childless.TryPop(out ScopeState? scope))
        {
            if (scope.Result is null) OnScopeEnded(state, scope, scope.Owner is null ? Result.Failed(state.Termination!) : Result.Cancelled(), effects);
        }
    }
}
