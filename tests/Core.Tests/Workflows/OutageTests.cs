using Microsoft.Extensions.Time.Testing;
using Sheaf.Hosting;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>What is said, and how often is asked, while a journal is away.</summary>
public sealed class OutageTests
{
    [Fact]
    public void Messages_OfThousands_GoThroughOnceAMinuteWithTheirCount()
    {
        FakeTimeProvider time = new();
        Outage outage = new(time);
        Assert.True(outage.Speaks(out int heldBack));
        Assert.Equal(0, heldBack);
        for (int i = 0; i < 5_000; i++) Assert.False(outage.Speaks(out _));
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(outage.Speaks(out _));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(outage.Speaks(out heldBack));
        Assert.Equal(5_001, heldBack);
        time.Advance(TimeSpan.FromDays(1));
        Assert.True(outage.Speaks(out heldBack));
        Assert.Equal(0, heldBack);
    }

    [Fact]
    public void Messages_AfterTheClockWasSetBack_AreNotHeldBackForThatLong()
    {
        FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(30)) { AutoAdvanceAmount = TimeSpan.Zero };
        BackwardTime clock = new(time);
        Outage outage = new(clock);
        Assert.True(outage.Speaks(out _));
        clock.Back = TimeSpan.FromDays(1);
        Assert.True(outage.Speaks(out _));
    }

    [Fact]
    public void Delays_BeginWithTheShortest_AndGrowToFiveSeconds()
    {
        TimeSpan shortest = TimeSpan.FromMilliseconds(100);
        Assert.All(Enumerable.Range(1, 10), failures => Assert.Equal(shortest, Outage.DelayAfter(failures, shortest)));
        TimeSpan[] delays = [.. Enumerable.Range(10, 40).Select(failures => Outage.DelayAfter(failures, shortest))];
        Assert.Equal(delays.Order(), delays);
        Assert.Equal(TimeSpan.FromSeconds(5), delays[^1]);
        Assert.Equal(TimeSpan.FromSeconds(5), Outage.DelayAfter(int.MaxValue, shortest));
        // A harness that moves the clock itself waits for nothing.
        Assert.Equal(TimeSpan.Zero, Outage.DelayAfter(1_000, TimeSpan.Zero));
    }

    private sealed class BackwardTime(TimeProvider inner) : TimeProvider
    {
        public TimeSpan Back { get; set; }

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() - Back;
    }
}
