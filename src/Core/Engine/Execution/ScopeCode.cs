namespace Sheaf.Engine;

/// <summary>The code side of a scope: its token, its handles, and the wait for its children.</summary>
internal sealed class ScopeCode(ScopeState state)
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _childrenEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _nextCompleted;
    private bool _bodyEnded;

    public ScopeState State => state;

    public CancellationToken Token => _cancellation.Token;

    /// <summary>Whether an <see cref="OperationCanceledException"/> was asked for (R4). The token follows at the end of the transition.</summary>
    public bool IsCancelled => state.Cause is not null;

    /// <summary>Whether the scope is inside a checkpoint that is journaled to its end: there is no code of it in this run (D11).</summary>
    public bool IsSkipped { get; set; }

    /// <summary>The innermost checkpoint that the scope is part of, itself included; null where it is of none.</summary>
    public ScopeCode? Checkpoint { get; set; }

    /// <summary>Of a checkpoint: isolated children outside of it that its code has awaited. Null for none.</summary>
    public HashSet<ChildState>? Awaited { get; set; }

    /// <summary>Of a checkpoint: children outside of it whose starts its code has awaited. Null for none.</summary>
    public HashSet<ChildState>? AwaitedStarts { get; set; }

    /// <summary>Handles by ordinal.</summary>
    public List<IWorkflowChild> Handles { get; } = [];

    /// <summary>Handles in the order in which they completed (R13).</summary>
    public List<IWorkflowChild> Completed { get; } = [];

    /// <summary>What callbacks on the token threw (C1).</summary>
    public List<Exception> CallbackErrors { get; } = [];

    /// <summary>From the moment when the body and all children have ended, nothing can be started any more (R2).</summary>
    public bool IsClosed => _bodyEnded && state.OpenChildren == 0;

    public void Cancel()
    {
        try
        {
            // On the turn: what callbacks do is part of the workflow's code.
            _cancellation.Cancel();
        }
        catch (AggregateException thrown)
        {
            CallbackErrors.AddRange(thrown.InnerExceptions);
        }
    }

    /// <summary>Completes with the next handle, later in the same turn.</summary>
    public Task NextCompleted() => (_nextCompleted ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Complete(IWorkflowChild handle)
    {
        handle.Complete();
        Completed.Add(handle);
        TaskCompletionSource? next = _nextCompleted;
        _nextCompleted = null;
        next?.SetResult();
    }

    /// <summary>The body has ended: waits for the children.</summary>
    public Task WhenClosed()
    {
        _bodyEnded = true;
        return IsClosed ? Task.CompletedTask : _childrenEnded.Task;
    }

    public void OnChildEnded()
    {
        if (IsClosed) _childrenEnded.TrySetResult();
    }
}
