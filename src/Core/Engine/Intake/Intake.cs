namespace Sheaf.Engine;

/// <summary>The gate before the journal: which inputs become events. One answer for every host, and for the simulator.</summary>
internal static class Intake
{
    /// <summary>The event that an input is, or null where it is late, repeated, or has no effect any more.</summary>
    /// <param name="state">The workflow as it is now, commits in flight included.</param>
    /// <param name="input">What arrived.</param>
    /// <param name="now">The owner's clock.</param>
    public static JournalEvent? ToEvent(WorkflowState state, Input input, DateTimeOffset now)
    {
        if (state.HasEnded) return null;
        if (input is Begin begin) return state.HasStarted ? null : new WorkflowStarted(now) { TraceParent = begin.TraceParent, Deadline = begin.Deadline };
        if (!state.HasStarted) return null;
        return input switch
        {
            LeafEnded ended => ToEvent(state, ended, now),
            Lost lost => Current(state, lost.Deliveries) is { Length: > 0 } current ? new DeliveriesLost(now, current, lost.Reason) { HandedBack = lost.HandedBack } : null,
            StopOwner stop => Current(state, stop.Deliveries) is { Length: > 0 } current ? new OwnerStopped(now, current) : null,
            TimerDue timer => ToEvent(state, timer, now),
            AskCancel cancel => state.Root.Cause is null ? new CancelRequested(now, cancel.Reason, cancel.By) : null,
            AskTerminate terminate => state.IsTerminated ? null : new WorkflowTerminated(now, terminate.Reason, terminate.By),
            // Nobody will ever wait for it.
            AskSignal when state.IsTerminated => null,
            AskSignal signal => signal.Key is { } key && state.SignalKeys.Contains(key) ? null : new SignalReceived(now, signal.Name, signal.Json, signal.Key),
            AskSpawn spawn => ToEvent(state, spawn, now),
            AskReady ready => state.Find(ready.Child) is { } child && child.MayGetReady(ready.Delivery) ? new ChildReady(now, ready.Child, ready.Delivery, ready.Json) : null,
            _ => null,
        };
    }

    private static ChildEnded? ToEvent(WorkflowState state, LeafEnded ended, DateTimeOffset now) =>
        state.Find(ended.Child) is { } child && child.Expects(ended.Attempt, ended.Delivery)
            ? new ChildEnded(now, ended.Child, ended.Attempt, ended.Delivery, ended.Result) { StartedAt = ended.StartedAt, Silo = ended.Silo, IsWorthRetry = ended.IsWorthRetry }
            : null;

    private static Delivery[] Current(WorkflowState state, IReadOnlyList<Delivery> deliveries) =>
        [.. deliveries.Where(delivery => state.Find(delivery.Child) is { IsLeaf: true, Status: ChildStatus.Running } child && child.Delivery == delivery.Number)];

    private static JournalEvent? ToEvent(WorkflowState state, TimerDue timer, DateTimeOffset now)
    {
        if (timer.Key.Kind is { } kind)
        {
            if ((uint)timer.Key.Scope >= (uint)state.Scopes.Count) return null;
            ScopeState scope = state.Scopes[timer.Key.Scope];
            bool hasEffect = kind == TimerKind.Grace ? scope is { Result: null, AbandonAt: not null, HasLeafToAbandon: true } : scope is { Result: null, Cause: null };
            return hasEffect ? new TimerFired(now, timer.Key.Scope, kind) : null;
        }

        return state.Find(new ChildId(timer.Key.Scope, timer.Key.Ordinal)) switch
        {
            { Status: ChildStatus.BackingOff } child when child.Attempt == timer.Attempt => new RetryDue(now, child.Id, timer.Attempt),
            { Status: ChildStatus.Running, Start.Kind: ChildKind.Delay } delay => new DelayEnded(now, delay.Id),
            _ => null,
        };
    }

    private static ChildSpawned? ToEvent(WorkflowState state, AskSpawn spawn, DateTimeOffset now) =>
        state.Find(spawn.Parent) is { Status: ChildStatus.Running, Scope.Cause: null } parent && parent.Delivery == spawn.Delivery && !state.Spawned.Contains((spawn.Parent, spawn.Name))
            ? new ChildSpawned(now, spawn.Parent, spawn.Delivery, spawn.Name, spawn.Worker, spawn.Json)
            : null;
}
