using System.Diagnostics;

namespace Sheaf.Engine;

/// <summary>
/// The engine: (state, entry) → state and effects. Pure in what matters: no clock, no chance, no I/O, nothing but the
/// state and the entry decide. The same entries give the same state, on any machine, at any time.
/// </summary>
internal static partial class Transitions
{
    /// <summary>Deliveries of one attempt that may be lost before the child fails (D2): one poisonous input must not kill silo after silo.</summary>
    public const int MaxDeliveries = 5;

    public static void Apply(WorkflowState state, JournalEntry entry, IEffects effects)
    {
        if (entry is JournalEvent { At: var at } && at > state.Now) state.Now = at; // Clocks of several silos differ; a workflow's never goes back.
        // After the end nothing changes any more; what still arrives is late.
        if (state.HasEnded) return;
        switch (entry)
        {
            case WorkflowStarted started:
                state.TraceParent = started.TraceParent;
                state.Deadline = started.Deadline;
                state.Scopes.Add(new ScopeState(0, null, GroupSettings.Default, state.Now, state.Deadline));
                break;
            case WorkflowContinued continued:
                state.Begin(continued);
                state.Scopes.Add(new ScopeState(0, null, GroupSettings.Default, state.Now, state.Deadline));
                break;
            case ChildEnded ended:
                OnEnded(state, ended, effects);
                break;
            case ChildSpawned spawned:
                OnSpawned(state, spawned, effects);
                break;
            case ChildReady ready:
                OnReady(state, ready, effects);
                break;
            case DeliveriesLost lost:
                OnLost(state, lost, effects);
                break;
            case OwnerStopped stopped:
                foreach (Delivery delivery in stopped.Deliveries)
                {
                    if (state.Find(delivery.Child) is { Status: ChildStatus.Running, IsLeaf: true } child && child.Delivery == delivery.Number) child.IsHandedBack = true;
                }

                break;
            case RetryDue due:
                OnRetryDue(state, due, effects);
                break;
            case TimerFired fired:
                OnTimer(state, fired, effects);
                break;
            case DelayEnded ended:
                if (state.Find(ended.Child) is { Start.Kind: ChildKind.Delay, Status: ChildStatus.Running } delay) End(state, delay, Result.Succeeded(null), effects);
                break;
            case SignalReceived signal:
                OnSignal(state, signal, effects);
                break;
            case CancelRequested requested:
                CancellationCause cause = new(CancellationCauseKind.Requested, requested.Reason, requested.By, state.Now);
                if (state.ContinuesWith is null) Cancel(state, state.Root, CancelSource.Outside, cause, effects);
                else EndBetweenRuns(state, cause, effects);
                break;
            case WorkflowTerminated terminated:
                Terminate(state, terminated, effects);
                break;
            case StartChild start:
                OnStart(state, state.Scopes[start.Child.Scope], start, effects);
                break;
            case CancelScope cancel:
                Cancel(state, state.Scopes[cancel.Scope], cancel.Source, CauseOf(state, cancel), effects);
                break;
            case ChangeCode:
                // For the code only.
                break;
            case EndScope { ContinuesWith: { } input } last:
                // Before the effects: who looks at the end sees that it is none of the workflow.
                state.ContinuesWith = input;
                state.Otherwise = last.Otherwise;
                OnScopeEnded(state, state.Scopes[last.Scope], last.Result, effects);
                break;
            case EndScope end:
                OnScopeEnded(state, state.Scopes[end.Scope], WholeResult(state, end), effects);
                break;
            default:
                throw new UnreachableException($"No transition for {entry.GetType().Name}.");
        }

        if (state.IsTerminated) EndWhatHasEnded(state, effects);
    }

    private static void OnStart(WorkflowState state, ScopeState scope, StartChild start, IEffects effects)
    {
        Debug.Assert(start.Child.Ordinal == scope.Children.Count, "Ordinals follow the order of starting.");
        ChildState child = new(scope, start);
        if (child.IsLeaf) child.Delivery = state.EarlierDeliveries;
        scope.Children.Add(child);
        scope.OpenChildren++;
        if (child.IsWork) state.OpenWork++;
        if (start.Rejected is { } rejected) End(state, child, Result.Failed(rejected), effects);
        else if (!child.TakesPlace) Begin(state, child, effects);
        else if (scope.Settings.MaxConcurrency is { } max && scope.PlacesTaken >= max) scope.Window.Enqueue(child);
        else BeginWithPlace(state, child, effects);
    }

    private static void BeginWithPlace(WorkflowState state, ChildState child, IEffects effects)
    {
        child.Scope.PlacesTaken++;
        Begin(state, child, effects);
    }

    private static void Begin(WorkflowState state, ChildState child, IEffects effects)
    {
        child.StartedAt = state.Now;
        if (child.IsLeaf)
        {
            BeginAttempt(state, child, effects);
            return;
        }

        if (child.IsWait)
        {
            BeginWait(state, child, effects);
            return;
        }

        child.Status = ChildStatus.Running;
        child.Attempt = 1;
        ScopeState inner = new(state.Scopes.Count, child, child.Start.Group ?? GroupSettings.Default, state.Now);
        state.Scopes.Add(inner);
        child.Inner = inner;
        // A scope that opens inside a cancelled one is cancelled from its first moment.
        if (child.Scope.Cause is { } outer && ComeFromOutside(state, inner, outer, effects) is { } cause) Cancel(state, inner, CancelSource.Outside, cause, effects);
        StartGroupTimer(state, inner, TimerKind.Deadline, inner.Settings.Deadline, effects);
        StartGroupTimer(state, inner, TimerKind.MoveOn, inner.Settings.MoveOnAfter, effects);
        effects.CodeBegins(child);
    }

    private static void BeginAttempt(WorkflowState state, ChildState child, IEffects effects)
    {
        child.Status = ChildStatus.Running;
        child.Attempt++;
        child.AttemptAt = state.Now;
        child.LostDeliveries = 0;
        child.RetryAt = null;
        Deliver(child, effects);
    }

    private static void Deliver(ChildState child, IEffects effects)
    {
        child.Delivery++;
        child.IsHandedBack = false;
        effects.Dispatch(child);
    }

    private static void OnEnded(WorkflowState state, ChildEnded ended, IEffects effects)
    {
        if (state.Find(ended.Child) is not { } child || !child.Expects(ended.Attempt, ended.Delivery)) return;
        child.Silo = ended.Silo;
        child.StartedAt = ended.StartedAt ?? child.StartedAt;
        // Whoever started it holds what the attempt that failed was ready with: another one's is no use (R14).
        if (ended.Result.Kind == OutcomeKind.Failed && !child.IsReady && TryBackOff(state, child, ended, effects)) return;
        End(state, child, ended.Result, effects);
    }

    private static bool TryBackOff(WorkflowState state, ChildState child, ChildEnded ended, IEffects effects)
    {
        if (child.Start.Retry is not { } retry || child.Attempt >= retry.MaxAttempts || child.Scope.Cause is not null) return false;
        RetryPolicy policy = retry.ToPolicy();
        Failure failure = ended.Result.Failure!;
        if (ended.IsWorthRetry == false || !policy.IsWorthRetry(failure)) return false;
        // Whoever terminated a nested workflow does not want it again.
        if (child.Start.Kind == ChildKind.Workflow && failure.TypeName == typeof(WorkflowTerminatedException).FullName) return false;
        child.LastFailure = failure;
        child.Status = ChildStatus.BackingOff;
        child.RetryAt = Later(state.Now, Backoff.DelayAfter(policy, child.Attempt, Chance.Of(state.RunName, child.Id, child.Attempt)));
        effects.StartTimer(TimerKey.Retry(child.Id), child.RetryAt.Value);
        return true;
    }

    private static void OnRetryDue(WorkflowState state, RetryDue due, IEffects effects)
    {
        if (state.Find(due.Child) is { Status: ChildStatus.BackingOff } child && child.Attempt == due.FailedAttempt) BeginAttempt(state, child, effects);
    }

    private static void OnLost(WorkflowState state, DeliveriesLost lost, IEffects effects)
    {
        foreach (Delivery delivery in lost.Deliveries)
        {
            if (state.Find(delivery.Child) is not { Status: ChildStatus.Running } child || child.Delivery != delivery.Number || !child.IsLeaf) continue;
            if (!lost.HandedBack) child.LostDeliveries++;
            // Nothing runs any more: a cancelled child has nobody left to wait for.
            if (child.Scope.Cause is not null) End(state, child, Result.Cancelled(child.LastFailure), effects);
            else if (child.IsReady) End(state, child, Result.Failed(ReadyWorkerLost(child, lost.Reason)), effects);
            else if (child.LostDeliveries >= MaxDeliveries) End(state, child, Result.Failed(WorkerLost(child, lost.Reason)), effects);
            else Deliver(child, effects);
        }
    }

    private static Failure WorkerLost(ChildState child, string reason) => Failure.From(new WorkerLostException(
        $"Child '{child.Start.Name}' was delivered {child.LostDeliveries} times in attempt {child.Attempt}, and each time its worker was lost: {reason}"));

    private static Failure ReadyWorkerLost(ChildState child, string reason) => Failure.From(new WorkerLostException(
        $"Child '{child.Start.Name}' was lost with its worker after it had said that it is ready: {reason}"));

    private static void OnReady(WorkflowState state, ChildReady ready, IEffects effects)
    {
        if (state.Find(ready.Child) is not { } child || !child.MayGetReady(ready.Delivery)) return;
        child.IsReady = true;
        child.ReadyValue = ready.Value;
        effects.ChildReady(child);
    }

    private static void OnSpawned(WorkflowState state, ChildSpawned spawned, IEffects effects)
    {
        if (state.Find(spawned.Parent) is not { Status: ChildStatus.Running } parent || parent.Delivery != spawned.Delivery) return;
        ScopeState scope = parent.Scope;
        if (scope.Cause is not null || !state.Spawned.Add((spawned.Parent, spawned.Name))) return;
        StartChild start = new(new ChildId(scope.Id, scope.Children.Count), ChildKind.Worker, spawned.Name) { Worker = spawned.Worker, Input = spawned.Input, Retry = parent.Start.Retry };
        OnStart(state, scope, start, effects);
    }

    private static Result WholeResult(WorkflowState state, EndScope end)
    {
        if (end.Result.Failure is not { } failure || end.Parts is null) return end.Result;
        ScopeState scope = state.Scopes[end.Scope];
        // The code is given that of a checkpoint as it is here.
        return end.Result with { Failure = scope.Settings.Checkpoint ? FailureFold.Bounded(failure, end.Parts, state, scope) : FailureFold.Whole(failure, end.Parts, state, scope) };
    }

    private static void OnScopeEnded(WorkflowState state, ScopeState scope, Result result, IEffects effects)
    {
        Debug.Assert(scope.OpenChildren == 0, "R1: a scope ends after all its children.");
        scope.Result = result;
        foreach (TimerKind kind in Enum.GetValues<TimerKind>()) StopGroupTimer(scope, kind, effects);
        effects.CloseScope(scope);
        if (scope.Owner is { } owner)
        {
            End(state, owner, result, effects);
        }
        else if (state.ContinuesWith is null)
        {
            state.Result = result;
            effects.WorkflowEnded(result);
        }
    }

    /// <summary>What is cancelled does not go on, also where nothing of it runs.</summary>
    private static void EndBetweenRuns(WorkflowState state, CancellationCause cause, IEffects effects)
    {
        state.ContinuesWith = null;
        state.Root.Source = CancelSource.Outside;
        state.Root.Cause = cause;
        state.Result = (state.Termination ?? state.Otherwise) is { } failure ? Result.Failed(failure) : Result.Cancelled();
        effects.ScopeCancelled(state.Root);
        effects.WorkflowEnded(state.Result);
    }

    /// <summary>The one way in which a child ends.</summary>
    private static void End(WorkflowState state, ChildState child, Result result, IEffects effects)
    {
        ScopeState scope = child.Scope;
        bool heldPlace = child.TakesPlace && child.Status is ChildStatus.Running or ChildStatus.BackingOff;
        child.Status = ChildStatus.Ended;
        child.Result = result;
        child.EndedAt = state.Now;
        scope.OpenChildren--;
        if (child.IsWork) state.OpenWork--;
        if (result.Kind is OutcomeKind.Failed or OutcomeKind.Abandoned) scope.Failed.Add(child);
        // First the outcome, then what follows from it: for watchers, and for code that looks at outcomes when it is cancelled.
        effects.ChildEnded(child);
        // The outcome that triggers fail-fast is the cancellation: nothing else has to be journaled for it (C3).
        if (result.Kind is OutcomeKind.Failed or OutcomeKind.Abandoned && scope.Settings.Policy.CancelsSiblings() && !child.IsIsolated)
            Cancel(state, scope, CancelSource.Failure, new(CancellationCauseKind.SiblingFailed, null, child.Start.Name, state.Now), effects);
        if (heldPlace) PassPlaceOn(state, scope, effects);
        if (state.IsTerminated && scope.OpenChildren == 0) state.Childless.Push(scope);
    }

    private static void PassPlaceOn(WorkflowState state, ScopeState scope, IEffects effects)
    {
        scope.PlacesTaken--;
        if (scope.Window.TryDequeue(out ChildState? next)) BeginWithPlace(state, next, effects);
    }

    public static DateTimeOffset Later(DateTimeOffset from, TimeSpan by) =>
        DateTimeOffset.MaxValue - from <= by ? DateTimeOffset.MaxValue : from + by;
}
