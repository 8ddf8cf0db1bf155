namespace Sheaf.Engine;

/// <summary>What transitions bring about: notices change the code's world at once, requests wait for the journal. Where the code is over nobody is there to notice.</summary>
internal sealed partial class WorkflowRun
{
    void IEffects.ChildEnded(ChildState child)
    {
        if (_isCodeOver) return;
        ScopeCode scope = CodeOf(child.Scope);
        if (scope.IsSkipped) return;
        IWorkflowChild handle = HandleOf(scope, child);
        handle.Settle();
        if (handle.Error is { } error && child.Result!.Failure is not null) _failed[error] = child;
        // D1: a start never completes its own handle, whatever becomes of it at once: a refused input, a signal that had come.
        if (_starts.Contains(child.Id)) _ = _scheduler.Post(() => CompleteAsync(scope, handle));
        else scope.Complete(handle);
        _steps.Remove(child.Id);
        _codes.Remove(child.Id);
        scope.OnChildEnded();
    }

    void IEffects.ChildReady(ChildState child)
    {
        if (_isCodeOver) return;
        ScopeCode scope = CodeOf(child.Scope);
        if (!scope.IsSkipped) HandleOf(scope, child).OnReady();
    }

    void IEffects.CodeBegins(ChildState child)
    {
        if (_isCodeOver) return;
        ScopeCode inner = CodeOf(child.Inner!);
        Place(inner, CodeOf(child.Scope));
        if (inner.IsSkipped)
        {
            _codes.Remove(child.Id);
            return;
        }

        // Cancelled between its opening and its code: the token was not there to be told.
        if (inner.State.Cause is not null) _signals.Enqueue(inner);
        IWorkflowChild handle = HandleOf(CodeOf(child.Scope), child);
        _codes.Remove(child.Id, out Func<ScopeCode, IWorkflowChild, Task>? code);
        // Its end is in the state and in its handle; nothing leaves it.
        _ = _scheduler.Post(() => code!(inner, handle));
    }

    void IEffects.ScopeCancelled(ScopeState scope)
    {
        if (!_isCodeOver && scope.Id < _scopes.Count && _scopes[scope.Id] is { } code) _signals.Enqueue(code);
    }

    void IEffects.Dispatch(ChildState child)
    {
        StartChild start = child.Start;
        // Where the code is over, only workflows: each is started once, and asked for its end by whoever owns its parent. What else would run now
        // would do so for nobody. Of what is skipped all has ended, and there is no code that has its steps.
        if (_isCodeOver ? start.Kind != ChildKind.Workflow : CodeOf(child.Scope).IsSkipped) return;
        TimeSpan? timeout = start.Retry?.AttemptTimeout;
        if (start.Kind == ChildKind.Step) _requests.Add(new RunStep(child.Id, child.Attempt, child.Delivery, start.Name, _steps[child.Id], timeout) { Run = State.Run });
        else if (start.Kind == ChildKind.Workflow) _requests.Add(new RunWorkflow(child.Id, child.Attempt, child.Delivery, start.Name, child.WorkflowIdIn(State), start.Worker!, start.Input, timeout, child.Scope.Deadline) { AttemptAt = child.AttemptAt!.Value });
        else _requests.Add(new DispatchWorker(child.Id, child.Attempt, child.Delivery, start.Name, start.Worker!, start.Input, timeout, child.Scope.Deadline) { Map = start.Map, Run = State.Run, GetsReady = start.GetsReady });
    }

    void IEffects.CancelRunning(ScopeState scope) => _requests.Add(new CancelRunning(scope.Id, scope.Cause!));

    void IEffects.GiveUp(ChildState child) => _requests.Add(new GiveUp(child.Id, child.Delivery));

    void IEffects.StartTimer(TimerKey key, DateTimeOffset dueAt) =>
        _requests.Add(new StartTimer(key, dueAt, key.Kind is null ? State.Find(new ChildId(key.Scope, key.Ordinal))!.Attempt : 0));

    void IEffects.StopTimer(TimerKey key) => _requests.Add(new StopTimer(key));

    void IEffects.CloseScope(ScopeState scope) => _requests.Add(new CloseScope(scope.Id));

    void IEffects.WorkflowEnded(Result result) => _requests.Add(new EndWorkflow(result));

    private static Task CompleteAsync(ScopeCode scope, IWorkflowChild handle)
    {
        scope.Complete(handle);
        return Task.CompletedTask;
    }

    /// <summary>The handle of a child; one that a worker spawned gets its own here, since no code asked for it.</summary>
    private IWorkflowChild HandleOf(ScopeCode scope, ChildState child)
    {
        while (scope.Handles.Count <= child.Id.Ordinal)
        {
            ChildState missing = scope.State.Children[scope.Handles.Count];
            scope.Handles.Add(_starting.Remove(missing.Id, out Func<ChildState, IWorkflowChild>? make) ? make(missing) : new WorkflowChild<Nothing>(this, missing));
        }

        return scope.Handles[child.Id.Ordinal];
    }
}
