namespace Sheaf;

/// <summary>Whether a child has said that it is ready (R14), and so whether its failure is its starter's affair or the group's.</summary>
/// <remarks>
/// Transitions: not ready → ready, once, by the attempt that runs. Once the child has ended no attempt runs, so that what it was
/// judged by stays true. Thread-safe.
/// </remarks>
internal abstract class Readiness
{
    private readonly Lock _gate = new();

    // Guarded by _gate. Null before the first attempt, between two, and after the last.
    private object? _attempt;
    private bool _isReady;

    // Invariant: set once by any thread, never cleared. Read only when the group has ended.
    private volatile bool _awaited;

    public bool IsReady
    {
        get
        {
            lock (_gate) return _isReady;
        }
    }

    /// <summary>Whether anybody has awaited the start.</summary>
    public bool WasAwaited => _awaited;

    public void MarkAwaited() => _awaited = true;

    /// <summary>Ends the attempt that runs: it can no longer say that it is ready.</summary>
    public void EndAttempt()
    {
        lock (_gate) _attempt = null;
    }

    public static InvalidOperationException NeverReady(string name, string call = "context.Ready(value)") =>
        new($"Child '{name}' ended without saying that it is ready. Call {call} before the work returns, or use Start.");

    public static InvalidOperationException AfterItsEnd(string name) => new($"Child '{name}' said that it is ready after its attempt had ended.");

    public static InvalidOperationException Twice(string name, string call = "context.Ready") => new($"Child '{name}' said that it is ready twice. Call {call} once.");

    protected void BeginAttempt(object attempt)
    {
        lock (_gate) _attempt = attempt;
    }

    /// <summary>Takes the word of one attempt.</summary>
    protected void MarkReady(object attempt, string name)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_attempt, attempt)) throw AfterItsEnd(name);
            if (_isReady) throw Twice(name);
            _isReady = true;
        }
    }
}

/// <summary>What a start waits for.</summary>
/// <typeparam name="TReady">The type of the value that the child is ready with.</typeparam>
internal interface IReadiness<TReady>
{
    void MarkAwaited();

    /// <summary>The value, or what stopped the child before there was one.</summary>
    Task<TReady> WaitAsync(ChildTask child);
}

/// <inheritdoc cref="Readiness"/>
/// <typeparam name="TReady">The type of the value that the child is ready with.</typeparam>
/// <param name="name">The child's name.</param>
internal sealed class Readiness<TReady>(string name) : Readiness, IReadiness<TReady>
{
    // Waiters run on the pool: the child that is ready has work to do.
    private readonly TaskCompletionSource<TReady> _value = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ReadyContext<TReady> BeginAttempt()
    {
        ReadyContext<TReady> context = new(this);
        BeginAttempt(context);
        return context;
    }

    public void Ready(ReadyContext<TReady> attempt, TReady value)
    {
        MarkReady(attempt, name);
        _value.SetResult(value);
    }

    public async Task<TReady> WaitAsync(ChildTask child)
    {
        await Task.WhenAny(_value.Task, child.WhenEnded).ConfigureAwait(false);
        // A child that is not ready does not succeed.
        if (!IsReady) child.ThrowUnlessSucceeded();
        return await _value.Task.ConfigureAwait(false);
    }
}
