namespace Sheaf.Testing;

/// <summary>A clock that stands still until everything waits for it, and then jumps to the next timer.</summary>
/// <remarks>
/// <para>A test host moves it: one timer at a time, by the time they are due and then in the order of their making, and the
/// next one only when everything that came of it waits again. So a delay of days ends at once, and always in the same order.</para>
/// <para>Thread-safe. It belongs to one test: hosts that follow each other on one journal share one clock.</para>
/// </remarks>
public sealed class TestClock : TimeProvider
{
    private static readonly Comparer<ClockTimer> ByTime = Comparer<ClockTimer>.Create((x, y) => (x.DueAt, x.Number).CompareTo((y.DueAt, y.Number)));

    private readonly Lock _gate = new();
    private readonly DateTimeOffset _start;

    // Guarded by _gate. The set holds the timers that are armed.
    private readonly SortedSet<ClockTimer> _timers = new(ByTime);
    private DateTimeOffset _now;
    private long _made;

    /// <summary>Makes a clock that shows the first instant of the year 2000, UTC.</summary>
    public TestClock()
        : this(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Makes a clock.</summary>
    /// <param name="start">What it shows.</param>
    public TestClock(DateTimeOffset start)
    {
        _start = start.ToUniversalTime();
        _now = _start;
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>UTC, on every machine.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate) return _now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => (GetUtcNow() - _start).Ticks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => CreateTimer(null, callback, state, dueTime, period);

    /// <summary>
    /// Waits until the token is signalled, and tells the test host that the caller only waits. An infinite <c>Task.Delay</c>
    /// makes no timer, so that a test host takes it for work that will end by itself, and waits for it.
    /// </summary>
    /// <param name="cancellationToken">What ends the wait.</param>
    /// <returns>A task that is cancelled with the token, and never ends otherwise.</returns>
    public static async Task UntilCancelledAsync(CancellationToken cancellationToken)
    {
        RunningDelivery? delivery = RunningDelivery.Current;
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        delivery?.Wait(+1);
        // Not a Task.Delay: between the signal and the waking of the caller the caller must not count as waiting.
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(_ =>
        {
            delivery?.Wait(-1);
            cancelled.TrySetCanceled(cancellationToken);
        }, null);
        await cancelled.Task.ConfigureAwait(false);
    }

    internal ClockTimer CreateTimer(object? process, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        ClockTimer timer = new(this, process, RunningDelivery.Current, callback, state, Interlocked.Increment(ref _made));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The timer that is next among those of a process and those of nobody, if it is due by an instant.</summary>
    /// <remarks>Moves the clock there. The caller fires it.</remarks>
    internal ClockTimer? TakeNext(object process, DateTimeOffset by)
    {
        lock (_gate)
        {
            ClockTimer? next = _timers.FirstOrDefault(timer => timer.Process is null || timer.Process == process);
            if (next is null || next.DueAt > by) return null;
            _timers.Remove(next);
            if (next.DueAt > _now) _now = next.DueAt;
            return next;
        }
    }

    internal void MoveTo(DateTimeOffset instant)
    {
        lock (_gate)
        {
            if (instant > _now) _now = instant;
        }
    }

    /// <summary>Removes the timers of a process that is gone.</summary>
    internal void Forget(object process)
    {
        lock (_gate) _timers.RemoveWhere(timer => timer.Process == process);
    }

    /// <summary>Arms a timer anew, or disarms it.</summary>
    internal (bool Was, bool Is) Set(ClockTimer timer, TimeSpan dueTime)
    {
        lock (_gate)
        {
            bool was = _timers.Remove(timer);
            if (dueTime < TimeSpan.Zero) return (was, false);
            timer.DueAt = DateTimeOffset.MaxValue - _now <= dueTime ? DateTimeOffset.MaxValue : _now + dueTime;
            return (was, _timers.Add(timer));
        }
    }
}
