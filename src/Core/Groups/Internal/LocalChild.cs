using System.Runtime.ExceptionServices;

namespace Sheaf;

/// <summary>Stands in a child's waiter slot for "ended"; whoever puts it there has published the outcome.</summary>
internal static class EndedMark
{
    public static readonly TaskCompletionSource Instance = new();
}

/// <summary>A child of a local group. One object a child: it is the handle, the continuation and the record of the outcome.</summary>
/// <remarks>
/// Transitions: waiting → running → ended, or waiting → ended (not started). Only the thread that runs or cancels the
/// child writes its outcome, before <see cref="Publish"/>; everybody else reads it after. Where grace has an end (R9), that
/// thread and the timer's are two: whoever sets the phase to ended first writes, and the other does nothing.
/// </remarks>
internal sealed class LocalChild<T> : ChildTask<T>, ILocalChild
{
    private const byte Running = 1;
    private const byte Ended = 2;

    private readonly GroupScope _scope;
    // A text, or an object whose text it is; null for none.
    private readonly object? _name;

    /// <summary>The user's delegate, or an <see cref="ILocalWork"/>, until it has started, then the task it returned until that has ended. Null afterwards.</summary>
    private object? _work;

    /// <summary>Null while nobody waits; a waiter's source; or the <see cref="EndedMark"/> once the outcome is published.</summary>
    private TaskCompletionSource? _waiter;

    /// <summary>What the child failed with, or its last failure where it was cancelled in backoff.</summary>
    private Exception? _error;

    private T? _result;
    private long _startedAt;
    private long _endedAt;
    private readonly int _ordinal;
    private ushort _attempts;
    private byte _kind;

    // 0 until it runs; kept only where the group can abandon it.
    private byte _phase;

    // A nested group: no leaf, so it takes no place in the window, no permit and no retry (R11).
    private readonly bool _isGroup;

    // Invariant: set once by any thread, never cleared. Read only when the group has ended.
    private volatile bool _awaited;

    public LocalChild(GroupScope scope, object? name, int ordinal, ILocalChild? previous, ChildOptions? options, object work, bool isGroup)
    {
        _scope = scope;
        _name = name;
        _ordinal = ordinal;
        Previous = previous;
        Options = options;
        _work = work;
        _isGroup = isGroup;
    }

    public ILocalChild? Previous { get; }

    public ChildOptions? Options { get; }

    /// <summary>A child that is not ready has failed to start, which is its starter's affair (R14).</summary>
    public bool Isolated => Options is { Isolated: true } or { Readiness.IsReady: false };

    public override string Name => _name?.ToString() ?? "#" + _ordinal.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public override int Ordinal => _ordinal;

    public override bool HasEnded => ReferenceEquals(Volatile.Read(ref _waiter), EndedMark.Instance);

    public bool WasAwaited => _awaited || Options is { Readiness: { IsReady: false, WasAwaited: true } };

    public OutcomeKind Kind => (OutcomeKind)_kind;

    public Exception? Error => _error;

    public ChildTask Handle => this;

    public FailureOrigin Origin => new()
    {
        Path = [Name],
        Attempt = Math.Max((int)_attempts, 1),
        StartedAt = _scope.ToTime(_startedAt),
        EndedAt = _scope.ToTime(_endedAt),
        TraceId = _scope.TraceId,
    };

    internal override Task WhenEnded
    {
        get
        {
            if (HasEnded) return Task.CompletedTask;
            // Waiters run on the pool: the thread that ends a child still has the group's books to close.
            TaskCompletionSource mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
            TaskCompletionSource? there = Interlocked.CompareExchange(ref _waiter, mine, null);
            if (ReferenceEquals(there, EndedMark.Instance)) return Task.CompletedTask;
            return (there ?? mine).Task;
        }
    }

    private protected override bool KeepsContext => false;

    internal override Outcome<T> TypedOutcome
    {
        get
        {
            DateTimeOffset? startedAt = Kind == OutcomeKind.NotStarted ? null : _scope.ToTime(_startedAt);
            return new Outcome<T>(this, Kind, _result, _error, _error is null ? null : Origin, new OutcomeTimes(startedAt, _scope.ToTime(_endedAt)), _attempts);
        }
    }

    internal override void MarkAwaited() => _awaited = true;

    internal override T GetResult()
    {
        if (!HasEnded) throw new InvalidOperationException($"Child '{Name}' has not ended. Await it.");
        if (Kind != OutcomeKind.Succeeded) Throw();
        return _result!;
    }

    internal override void ThrowUnlessSucceeded() => GetResult();

    /// <summary>Runs the user's delegate on this thread, up to its first await that has to wait.</summary>
    public void Run()
    {
        object work = _work!;
        _work = null;
        _startedAt = _scope.Timestamp();
        if (_scope.CanAbandon) Volatile.Write(ref _phase, Running);
        if (!_isGroup && _scope.NeedsAttempts(Options, out RetryPolicy? retry, out CapacityLimiter? limiter))
        {
            Task<AttemptsEnd<T>> loop = new AttemptLoop<T>(this, _scope, work as Func<CancellationToken, Task> ?? ((ILocalWork)work).RunAsync, retry, limiter, Options?.Readiness).RunAsync();
            if (loop.IsCompleted) EndAttempts(loop);
            else Follow(loop, ofLoop: true);
            return;
        }

        _attempts = 1;
        Task? task;
        try
        {
            task = work is ILocalWork own ? own.RunAsync(_scope.Token) : ((Func<CancellationToken, Task>)work)(_scope.Token);
        }
        catch (Exception thrown)
        {
            End(WorkEnd.Of(thrown, _scope.IsCancellationRequested(), _scope.Options.IsCancellation));
            return;
        }

        if (task is null) End(WorkEnd.Failed(NoTask(Name)));
        else if (task.IsCompletedSuccessfully) Succeed(task);
        // Judged here and now: on the pool, two that failed at once could change places.
        else if (task.IsCompleted) End(WorkEnd.Of(task, _scope.IsCancellationRequested(), _scope.Options.IsCancellation));
        else Follow(task, ofLoop: false);
    }

    /// <summary>Ends a child whose group was cancelled before its turn in the window came.</summary>
    public void EndNotStarted(bool heldPlace)
    {
        _work = null;
        _kind = (byte)OutcomeKind.NotStarted;
        _endedAt = _scope.Timestamp();
        Publish(heldPlace);
    }

    public void Abandon()
    {
        if (_isGroup || Interlocked.CompareExchange(ref _phase, Ended, Running) != Running) return;
        Options?.Readiness?.EndAttempt();
        _attempts = Math.Max(_attempts, (ushort)1);
        _error = ChildAbandonedException.Of(Name, _scope.Options.GracePeriod);
        _kind = (byte)OutcomeKind.Abandoned;
        _endedAt = _scope.Timestamp();
        _scope.OnChildFailed(this);
        Publish();
    }

    public void RunAfterWaiting()
    {
        if (_scope.Cause is null) Run();
        else EndNotStarted(heldPlace: true);
    }

    internal static InvalidOperationException NoTask(string name) =>
        new($"The delegate of child '{name}' returned null instead of a task. Return Task.CompletedTask where there is nothing to wait for.");

    /// <summary>The value of a task that succeeded; nothing for a child without one.</summary>
    internal static T? ValueOf(Task task) => task is Task<T> typed ? typed.Result : default;

    private void Follow(Task task, bool ofLoop)
    {
        _work = task;
        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(ofLoop ? OnLoopEnded : OnWorkEnded);
    }

    private void OnWorkEnded()
    {
        var task = (Task)_work!;
        _work = null;
        if (task.IsCompletedSuccessfully) Succeed(task);
        else End(WorkEnd.Of(task, _scope.IsCancellationRequested(), _scope.Options.IsCancellation));
    }

    private void OnLoopEnded()
    {
        var loop = (Task<AttemptsEnd<T>>)_work!;
        _work = null;
        EndAttempts(loop);
    }

    private void EndAttempts(Task<AttemptsEnd<T>> loop)
    {
        // The loop throws nothing of the user's. What else it throws, such as a clock that fails, ends the child, not the process.
        AttemptsEnd<T> end = loop.IsCompletedSuccessfully ? loop.Result : new(WorkEnd.Failed(loop.Exception!.InnerExceptions), default, null, 0);
        if (!TryEnd()) return;
        _attempts = (ushort)Math.Min(end.Attempts, ushort.MaxValue);
        _result = end.Value;
        _error = end.LastFailure;
        Conclude(end.End);
    }

    /// <summary>Whether its work's end is the child's; if not, the child was abandoned before, and this is counted only.</summary>
    private bool TryEnd()
    {
        if (!_scope.CanAbandon || Interlocked.Exchange(ref _phase, Ended) != Ended) return true;
        _scope.OnLate();
        return false;
    }

    private void Succeed(Task task)
    {
        if (!TryEnd()) return;
        _result = ValueOf(task);
        _kind = (byte)OutcomeKind.Succeeded;
        _endedAt = _scope.Timestamp();
        Publish();
    }

    private void End(WorkEnd end)
    {
        if (TryEnd()) Conclude(end);
    }

    private void Conclude(WorkEnd end)
    {
        _kind = (byte)end.Kind;
        _endedAt = _scope.Timestamp();
        if (end.Kind == OutcomeKind.Failed)
        {
            _error = end.Error(Name);
            // Before the waiters learn of it: what they start next must find the group cancelled.
            _scope.OnChildFailed(this);
        }

        Publish();
    }

    private void Publish(bool heldPlace = true)
    {
        TaskCompletionSource? waiter = Interlocked.Exchange(ref _waiter, EndedMark.Instance);
        waiter?.TrySetResult();
        _scope.OnChildEnded(this, heldPlace && !_isGroup);
    }

    private void Throw()
    {
        if (Kind is OutcomeKind.Failed or OutcomeKind.Abandoned) ExceptionDispatchInfo.Throw(_error!);
        string what = Kind == OutcomeKind.NotStarted ? "was never started" : "was cancelled";
        throw new OperationCanceledException($"Child '{Name}' {what}: {_scope.Cause}.", _error, _scope.Token);
    }
}
