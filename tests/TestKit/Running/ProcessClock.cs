namespace Sheaf.Testing;

/// <summary>The clock as one host has it: its timers go with it.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ProcessClock(TestClock clock) : TimeProvider
{
    public override long TimestampFrequency => clock.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => clock.CreateTimer(this, callback, state, dueTime, period);
}
