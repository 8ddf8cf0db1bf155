namespace Sheaf;

/// <summary>A one-shot timer for any positive time: longer than the platform's 49 days, it is armed again.</summary>
internal sealed class GroupTimer : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    private readonly TimeProvider _time;
    private readonly TimeSpan _dueIn;
    private readonly long _startedAt;
    private readonly Action _callback;
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private bool _isLast;
    private bool _disposed;

    private GroupTimer(TimeProvider time, TimeSpan dueIn, Action callback)
    {
        _time = time;
        _dueIn = dueIn;
        _startedAt = time.GetTimestamp();
        _callback = callback;
    }

    /// <summary>Starts a timer; an infinite time gives none.</summary>
    public static GroupTimer? Start(TimeProvider time, TimeSpan? dueIn, Action callback)
    {
        if (dueIn is not { } due || due == Timeout.InfiniteTimeSpan) return null;
        GroupTimer timer = new(time, due, callback);
        timer.Arm();
        return timer;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timer?.Dispose();
        }
    }

    /// <summary>Arms for what is left by the clock: a timer that came late must not make the next one later.</summary>
    private void Arm()
    {
        lock (_gate)
        {
            if (_disposed) return;
            TimeSpan left = _timer is null ? _dueIn : _dueIn - _time.GetElapsedTime(_startedAt);
            if (left < TimeSpan.Zero) left = TimeSpan.Zero;
            _isLast = left <= LongestTimer;
            _timer?.Dispose();
            _timer = _time.CreateTimer(static state => ((GroupTimer)state!).OnTimer(), this, _isLast ? left : LongestTimer, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        bool isLast;
        lock (_gate) isLast = _isLast;
        if (isLast) _callback();
        else Arm();
    }
}
