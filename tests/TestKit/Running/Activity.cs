namespace Sheaf.Testing;

/// <summary>Counts what goes on in a host by itself. At zero the host waits: for its clock, or for its clients.</summary>
/// <remarks>Thread-safe. Whoever hands something on enters for it before he leaves himself, so that zero is never a gap.</remarks>
internal sealed class Activity
{
    private readonly Lock _gate = new();

    // Guarded by _gate. _idle is null unless somebody waits.
    private int _count;
    private TaskCompletionSource? _idle;

    public bool IsIdle
    {
        get
        {
            lock (_gate) return _count == 0;
        }
    }

    public void Enter()
    {
        lock (_gate) _count++;
    }

    public void Leave()
    {
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            if (--_count == 0) (idle, _idle) = (_idle, null);
        }

        idle?.SetResult();
    }

    /// <summary>Completes when nothing goes on. It may go on again by then: look at <see cref="IsIdle"/>.</summary>
    public Task WhenIdle()
    {
        lock (_gate)
        {
            if (_count == 0) return Task.CompletedTask;
            return (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }
}
