namespace Sheaf;

/// <summary>A one-shot timer for any positive time: longer than the platform's 49 days, it is armed again.</summary>
internal sealed class GroupTimer : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    private readonly TimeProvider _time;
    private readonly Action _callback;
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private TimeSpan _left;
    private bool _disposed;

    private GroupTimer(TimeProvider time, TimeSpan dueIn, Action callback)
    {
        _time = time;
        _callback = callback;
        _left = dueIn;
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

    private void Arm()
    {
        lock (_gate)
        {
            if (_disposed) return;
            TimeSpan next = _left < LongestTimer ? _left : LongestTimer;
            _left -= next;
            _timer?.Dispose();
            _timer = _time.CreateTimer(static state => ((GroupTimer)state!).OnTimer(), this, next, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        if (_left > TimeSpan.Zero) Arm();
        else _callback();
    }
}
