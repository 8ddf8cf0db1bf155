namespace Sheaf.Testing;

/// <summary>A timer of the test's clock. While it is armed, the delivery that made it waits for it.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ClockTimer(TestClock clock, object? process, RunningDelivery? delivery, TimerCallback callback, object? state, long number) : ITimer
{
    // A timer's callback runs in the context that made it, as the platform's do.
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private TimeSpan _period = Timeout.InfiniteTimeSpan;
    private bool _isDisposed;

    /// <summary>Whose it is; null for nobody's.</summary>
    public object? Process => process;

    /// <summary>Its place among those that are due at one instant.</summary>
    public long Number => number;

    /// <summary>Changed by the clock, under its lock, while it is not armed.</summary>
    public DateTimeOffset DueAt { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_isDisposed) return false;
        _period = period;
        Arm(dueTime);
        return true;
    }

    /// <summary>Calls back. The clock has disarmed it.</summary>
    public void Fire()
    {
        if (_period > TimeSpan.Zero) Arm(_period);
        // Only now: where it is armed again, its delivery waits on.
        delivery?.Wait(-1);
        if (_context is null) callback(state);
        else ExecutionContext.Run(_context, static timer => ((ClockTimer)timer!).Call(), this);
    }

    public void Dispose()
    {
        _isDisposed = true;
        Arm(Timeout.InfiniteTimeSpan);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void Call() => callback(state);

    private void Arm(TimeSpan dueTime)
    {
        (bool was, bool isArmed) = clock.Set(this, dueTime);
        if (was != isArmed) delivery?.Wait(isArmed ? +1 : -1);
    }
}
