namespace Sheaf.Cluster.Tests.Conformance;

/// <summary>The clock of a cluster that serves one test after another: each brings its own.</summary>
public sealed class RelayTime : TimeProvider
{
    private volatile TimeProvider _current = System;

    public TimeProvider Current
    {
        get => _current;
        set => _current = value;
    }

    public override DateTimeOffset GetUtcNow() => Current.GetUtcNow();

    public override long GetTimestamp() => Current.GetTimestamp();

    public override long TimestampFrequency => Current.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => Current.CreateTimer(callback, state, dueTime, period);
}
