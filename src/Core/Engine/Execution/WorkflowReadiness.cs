using System.Runtime.ExceptionServices;

namespace Sheaf.Engine;

/// <summary>What a run knows of the start of a child that gets ready (R14), whatever the type of its value.</summary>
internal interface IWorkflowReadiness
{
    /// <summary>Whether anybody has awaited the start.</summary>
    bool WasAwaited { get; }

    /// <summary>Whose start it is. Told once, before anything else.</summary>
    void Of(ChildState child);

    /// <summary>The child is ready.</summary>
    void OnReady();

    /// <summary>The child has ended, and its handle has completed.</summary>
    void OnEnded();
}

/// <summary>The start of a durable child that gets ready. Lives on its workflow's turns.</summary>
/// <typeparam name="TReady">The type of the value that the child is ready with.</typeparam>
internal sealed class WorkflowReadiness<TReady>(WorkflowRun run) : IWorkflowReadiness, IReadiness<TReady>
{
    // Continuations are queued, never inlined: the order of turns must not depend on who waits how (D1).
    private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildState? _child;
    private TReady? _value;
    private Exception? _error;

    public bool WasAwaited { get; private set; }

    private ChildState Child => _child!;

    public void Of(ChildState child)
    {
        _child = child;
        WasAwaited = run.WasStartAwaitedInCheckpoint(child.Id);
    }

    public void MarkAwaited()
    {
        run.CheckOnTurn("await of the start of child", Child.Start.Name);
        WasAwaited = true;
        run.OnStartAwaited(Child);
    }

    public async Task<TReady> WaitAsync(ChildTask child)
    {
        // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
        await _decided.Task;
#pragma warning restore CA2007, MA0004
        if (!Child.IsReady)
        {
            child.ThrowUnlessSucceeded();
            // Only where its site is of a version that does not know of readiness.
            throw Readiness.NeverReady(Child.Start.Name, "context.ReadyAsync(value)");
        }

        if (_error is not null) ExceptionDispatchInfo.Throw(_error);
        return _value!;
    }

    public void OnReady()
    {
        try
        {
            _value = run.Payloads.Read<TReady>(Child.ReadyValue);
        }
        catch (Exception error)
        {
            _error = new InvalidOperationException(
                $"What child '{Child.Start.Name}' is ready with is journaled as JSON that {typeof(TReady)} cannot be read from. Has the type changed since?", error);
        }

        _decided.SetResult();
    }

    public void OnEnded() => _decided.TrySetResult();
}
