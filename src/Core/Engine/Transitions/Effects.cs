namespace Sheaf.Engine;

/// <summary>
/// What follows from a transition. Notices go to the workflow's code in the same turn; requests go to the world, after
/// the turn is journaled (D4). On replay the requests are dropped: the state says what is still owed.
/// </summary>
internal interface IEffects
{
    /// <summary>Notice: a child ended; its handle completes.</summary>
    void ChildEnded(ChildState child);

    /// <summary>Notice: a child is ready; its start completes.</summary>
    void ChildReady(ChildState child);

    /// <summary>Notice: a branch or group has its place; its code begins.</summary>
    void CodeBegins(ChildState child);

    /// <summary>Notice: a scope was cancelled; its code's token is signalled when the transition is over: callbacks there are code, and start transitions of their own.</summary>
    void ScopeCancelled(ScopeState scope);

    /// <summary>Request: deliver the child's current attempt to where it can run. A step runs beside its owner.</summary>
    void Dispatch(ChildState child);

    /// <summary>Request: tell whoever runs children of this scope that it is cancelled: one message a site, not one a child (C2).</summary>
    void CancelRunning(ScopeState scope);

    /// <summary>Request: a leaf has ended without its delivery's end (R9): whoever runs it has nothing to tell any more.</summary>
    void GiveUp(ChildState child);

    /// <summary>Request: wake the workflow at an instant.</summary>
    void StartTimer(TimerKey key, DateTimeOffset dueAt);

    /// <summary>Request: that wake-up is not needed any more.</summary>
    void StopTimer(TimerKey key);

    /// <summary>Request: nothing of this scope runs any more; workers may forget it.</summary>
    void CloseScope(ScopeState scope);

    /// <summary>Request: the workflow has ended; tell who waits.</summary>
    void WorkflowEnded(Result result);
}

/// <summary>Names a wake-up: a group's timer, a child's wait between attempts, or a delay's end.</summary>
internal readonly record struct TimerKey(int Scope, int Ordinal, TimerKind? Kind)
{
    /// <summary>A delay is a child and never retries, so its wake-up is named as a retry's would be.</summary>
    public static TimerKey Delay(ChildId child) => Retry(child);

    public static TimerKey Of(int scope, TimerKind kind) => new(scope, -1, kind);

    public static TimerKey Retry(ChildId child) => new(child.Scope, child.Ordinal, null);
}
