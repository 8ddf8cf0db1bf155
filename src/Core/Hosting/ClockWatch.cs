namespace Sheaf.Hosting;

/// <summary>
/// Notices that the clock has been set, or has gone on while the machine slept: timers count the time in which a machine runs, and
/// instants do not care (R7).
/// </summary>
/// <remarks>Thread-safe. It looks once a minute of the system's time, whatever the host's clock: one that tests move is not to be moved for this.</remarks>
internal sealed class ClockWatch : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    /// <summary>What a clock that is steered gains or loses in a minute is less.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly Action _onJump;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();

    // Guarded by _gate: what both clocks said when it looked last.
    private DateTimeOffset _now;
    private long _timestamp;

    /// <summary>Begins to look.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="onJump">Told when it has jumped.</param>
    public ClockWatch(TimeProvider time, Action onJump)
    {
        _time = time;
        _onJump = onJump;
        _now = time.GetUtcNow();
        _timestamp = time.GetTimestamp();
        _timer = TimeProvider.System.CreateTimer(static watch => ((ClockWatch)watch!).Look(), this, Period, Period);
    }

    public void Look()
    {
        lock (_gate)
        {
            DateTimeOffset expected = _now + _time.GetElapsedTime(_timestamp);
            _now = _time.GetUtcNow();
            _timestamp = _time.GetTimestamp();
            if ((_now - expected).Duration() < Tolerance) return;
        }

        _onJump();
    }

    public void Dispose() => _timer.Dispose();
}
