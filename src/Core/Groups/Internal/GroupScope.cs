using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Sheaf;

/// <summary>The state machine of one local group: admission, window, cancellation, and the count that ends it.</summary>
/// <remarks>
/// <para>States: open (the body runs) → joining (the body has ended, children run) → ended. Cancelled or not is a second,
/// independent state, set once by the first cause.</para>
/// <para>
/// <c>_pending</c> counts what the end waits for: the body, every child that has not ended (waiting ones too), and the
/// delivery of a cancellation to the token's callbacks. Invariant: it starts at 1 and reaches 0 exactly once.
/// </para>
/// </remarks>
internal sealed partial class GroupScope
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _openedTimestamp;
    private readonly DateTimeOffset _openedAt;

    /// <summary>Guards the fields below it.</summary>
    private readonly Lock _gate = new();
    private readonly Queue<WaitingChild>? _window;
    private ILocalChild? _newest;
    private int _started;
    private int _running;
    private List<ILocalChild>? _failed;
    private List<Exception>? _callbackErrors;
    private CancelSource _source;

    // Written under _gate once, read anywhere.
    private volatile CancellationCause? _cause;

    // Interlocked only.
    private int _pending = 1;
    private int _late;

    // Null until somebody reads along.
    private volatile CompletionFeed? _feed;

    // Null until the group is cancelled, and where grace has no end. Written before the cancellation leaves _pending.
    private GroupTimer? _grace;

    public GroupScope(TaskGroupOptions options, GroupScope? parent, bool keepsChildren)
    {
        Options = options;
        Time = options.TimeProvider;
        Parent = parent;
        Token = _cancellation.Token;
        KeepsChildren = keepsChildren;
        CanAbandon = keepsChildren && options.GracePeriod != Timeout.InfiniteTimeSpan;
        _openedAt = Time.GetUtcNow();
        _openedTimestamp = Time.GetTimestamp();
        if (options.MaxConcurrency is not null) _window = new();
        TraceId = Activity.Current?.TraceId.ToHexString();
    }

    public TaskGroupOptions Options { get; }

    public TimeProvider Time { get; }

    public GroupScope? Parent { get; }

    public CancellationToken Token { get; }

    /// <summary>Whether ended children are kept for the outcomes; a map over an endless source keeps only its failures.</summary>
    public bool KeepsChildren { get; }

    /// <summary>Whether children that ignore cancellation are given up (R9): then two may want to end one child.</summary>
    public bool CanAbandon { get; }

    /// <summary>Children that ended after they had been given up.</summary>
    public int LateCount => Volatile.Read(ref _late);

    public string? TraceId { get; }

    public string DisplayName => Options.Name ?? "task group";

    public CancellationCause? Cause => _cause;

    /// <summary>The group as its failures are gathered.</summary>
    public GroupFacts Facts => new(DisplayName, Options.Policy, Options.MaxFailures, Source, _cause, Options.Deadline);

    public CancelSource Source
    {
        get
        {
            lock (_gate) return _source;
        }
    }

    /// <summary>The caller's token; for a nested group that of the group around it.</summary>
    public CancellationToken Outside { get; set; }

    public Task WhenEnded => HasEnded ? Task.CompletedTask : _ended.Task;

    public bool HasEnded => Volatile.Read(ref _pending) == 0;

    /// <summary>Children that failed, in the order in which they did.</summary>
    public IReadOnlyList<ILocalChild> FailedChildren
    {
        get
        {
            lock (_gate) return _failed is null ? [] : [.. _failed];
        }
    }

    /// <summary>What callbacks on the group's token threw when it was cancelled (C1).</summary>
    public IReadOnlyList<Exception> CallbackErrors
    {
        get
        {
            lock (_gate) return _callbackErrors is null ? [] : [.. _callbackErrors];
        }
    }

    /// <summary>Called for each child that ends, where children are not kept.</summary>
    public Action<ILocalChild>? OnEnded { get; init; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Timestamp() => Time.GetTimestamp();

    public DateTimeOffset ToTime(long timestamp) => _openedAt + Time.GetElapsedTime(_openedTimestamp, timestamp);

    /// <summary>How many children were started, ended ones included.</summary>
    public int StartedCount
    {
        get
        {
            lock (_gate) return _started;
        }
    }

    /// <summary>The children in the order of their ends.</summary>
    public CompletionFeed Feed()
    {
        if (_feed is { } there) return there;
        CompletionFeed feed = new();
        feed.Begin(() => _ = Interlocked.CompareExchange(ref _feed, feed, null), () => ReferenceEquals(_feed, feed) ? Children().Where(child => child.Handle.HasEnded) : []);
        return _feed!;
    }

    /// <summary>Every kept child, in the order of starting.</summary>
    public ILocalChild[] Children()
    {
        ILocalChild? node;
        int count;
        lock (_gate)
        {
            node = _newest;
            count = KeepsChildren ? _started : 0;
        }

        var children = new ILocalChild[count];
        for (int i = count - 1; i >= 0; i--)
        {
            children[i] = node!;
            node = node!.Previous;
        }

        return children;
    }

    /// <summary>Admits a child or throws (R2), and runs it up to its first wait if the window has room.</summary>
    public LocalChild<T> Start<T>(object? name, Func<CancellationToken, Task> work, ChildOptions? options, bool isGroup = false, bool isShielded = false) =>
        StartCore<T>(name, work, options, isGroup, isShielded);

    /// <summary>As <see cref="Start{T}(object?, Func{CancellationToken, Task}, ChildOptions?, bool, bool)"/>; the text of the work is the child's name.</summary>
    public LocalChild<T> Start<T>(ILocalWork work, ChildOptions? options) => StartCore<T>(work, work, options, isGroup: false, isShielded: false);

    private LocalChild<T> StartCore<T>(object? name, object work, ChildOptions? options, bool isGroup, bool isShielded)
    {
        LocalChild<T> child;
        bool runNow = true;
        lock (_gate)
        {
            // A shielded group may open in a cancelled one: that is where cleaning up runs (R8).
            if (_cause is not null && !isShielded) throw Refused(name);
            if (!TryAddPending()) throw HasEndedError(name);
            child = new LocalChild<T>(this, name, _started++, KeepsChildren ? _newest : null, options, work, isGroup);
            if (KeepsChildren) _newest = child;
            if (_window is not null && !isGroup)
            {
                if (_running < Options.MaxConcurrency) _running++;
                else
                {
                    _window.Enqueue(new(child, ExecutionContext.Capture()));
                    runNow = false;
                }
            }
        }

        if (!runNow) return child;
        // Where a child starts the next, and that the next, the stack ends before the children do: then it begins on the pool.
        if (RuntimeHelpers.TryEnsureSufficientExecutionStack()) child.Run();
        else ThreadPool.QueueUserWorkItem(static next => next.Run(), child, preferLocal: false);
        return child;
    }

    /// <summary>Whether a child needs the attempt loop, and with what.</summary>
    public bool NeedsAttempts(ChildOptions? child, out RetryPolicy? retry, out CapacityLimiter? limiter)
    {
        retry = child?.Retry ?? Options.Retry;
        limiter = Options.CapacityLimiter;
        return retry is not null || limiter is not null || child?.Readiness is not null;
    }

    /// <summary>The first failure of a fail-fast group cancels the rest, before anybody learns of the failure.</summary>
    public void OnChildFailed(ILocalChild child)
    {
        if (Options.Policy.CancelsSiblings() && !child.Isolated && _cause is null)
        {
            Cancel(CancelSource.Failure, new(CancellationCauseKind.SiblingFailed, null, child.Handle.Name, Time.GetUtcNow()), child);
            return;
        }

        lock (_gate) NoteFailed(child);
    }

    public void OnChildEnded(ILocalChild child, bool heldPlace)
    {
        OnEnded?.Invoke(child);
        _feed?.Add(child);
        if (_window is not null && heldPlace) LeaveWindow();
        RemovePending();
    }

    /// <summary>An abandoned child has ended after all: that changes nothing.</summary>
    public void OnLate() => Interlocked.Increment(ref _late);

    /// <summary>The body has ended, or whoever opened the group joins it: nothing but children is waited for now.</summary>
    public void OnBodyEnded() => RemovePending();

    /// <summary>Gives a place in the window to those that wait, in order. They run on the pool: a freed place must not cost
    /// the thread that freed it, and a chain of short children must not deepen its stack.</summary>
    private void LeaveWindow()
    {
        WaitingChild next;
        lock (_gate)
        {
            if (!_window!.TryDequeue(out next))
            {
                _running--;
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(static waiting => waiting.Run(), next, preferLocal: false);
    }

    private void NoteFailed(ILocalChild child)
    {
        if (KeepsChildren) (_failed ??= []).Add(child);
    }

    private bool TryAddPending()
    {
        int pending = Volatile.Read(ref _pending);
        while (pending != 0)
        {
            int seen = Interlocked.CompareExchange(ref _pending, pending + 1, pending);
            if (seen == pending) return true;
            pending = seen;
        }

        return false;
    }

    private void RemovePending()
    {
        if (Interlocked.Decrement(ref _pending) != 0) return;
        _grace?.Dispose();
        _ended.TrySetResult();
    }

    /// <summary>A child that waits for the window, and the execution context of its start: what is ambient there
    /// (trace, culture, logging scope) must not depend on whether there was room.</summary>
    private readonly record struct WaitingChild(ILocalChild Child, ExecutionContext? Context)
    {
        public void Run()
        {
            if (Context is null) Child.RunAfterWaiting();
            else ExecutionContext.Run(Context, static child => ((ILocalChild)child!).RunAfterWaiting(), Child);
        }
    }

    private OperationCanceledException Refused(object? name) =>
        new($"Child '{name ?? "#" + _started}' was not started: {DisplayName} is cancelled ({_cause}).", Token);

    private InvalidOperationException HasEndedError(object? name) =>
        new($"Child '{name ?? "#" + _started}' was not started: {DisplayName} has ended. Start children while the body or another child of the group still runs.");
}
