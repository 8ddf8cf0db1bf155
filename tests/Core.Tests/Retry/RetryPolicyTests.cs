using Sheaf.Core.Tests.Groups;
using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Retry;

[Trait("Rule", "R12")]
public sealed class RetryPolicyTests
{
    public static TheoryData<RetryPolicy, string> Wrong => new()
    {
        { new() { MaxAttempts = 0 }, "MaxAttempts" },
        { new() { MaxAttempts = -1 }, "MaxAttempts" },
        { new() { InitialDelay = TimeSpan.FromTicks(-1) }, "InitialDelay" },
        { new() { MaxDelay = Timeout.InfiniteTimeSpan }, "MaxDelay" },
        { new() { BackoffCoefficient = 0.5 }, "BackoffCoefficient" },
        { new() { BackoffCoefficient = double.NaN }, "BackoffCoefficient" },
        { new() { BackoffCoefficient = double.PositiveInfinity }, "BackoffCoefficient" },
        { new() { Jitter = -0.1 }, "Jitter" },
        { new() { Jitter = 1.1 }, "Jitter" },
        { new() { Jitter = double.NaN }, "Jitter" },
        { new() { AttemptTimeout = TimeSpan.Zero }, "AttemptTimeout" },
        { new() { AttemptTimeout = Timeout.InfiniteTimeSpan }, "AttemptTimeout" },
        { new() { OnTypes = null! }, "OnTypes" },
        { new() { ExceptTypes = null! }, "ExceptTypes" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Policy_ValueOutOfRange_IsRefusedByName(RetryPolicy policy, string option)
    {
        var error = Assert.ThrowsAny<ArgumentException>(() => TaskGroup.Open(new() { Retry = policy }));
        Assert.Contains(option, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backoff_GrowsToTheLongestWait_AndJitterOnlyShortens()
    {
        RetryPolicy policy = new() { InitialDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(5), Jitter = 0.5 };
        Assert.Equal([1, 2, 4, 5, 5], Enumerable.Range(1, 5).Select(attempt => Backoff.DelayAfter(policy, attempt, chance: 0).TotalSeconds));
        Assert.Equal([0.5, 1, 2, 2.5, 2.5], Enumerable.Range(1, 5).Select(attempt => Backoff.DelayAfter(policy, attempt, chance: 1).TotalSeconds));
        Assert.Equal(TimeSpan.FromSeconds(5), Backoff.DelayAfter(policy, int.MaxValue, chance: 0));
        Assert.Equal(TimeSpan.Zero, Backoff.DelayAfter(policy with { InitialDelay = TimeSpan.Zero }, int.MaxValue, chance: 0));
    }

    [Fact]
    public async Task Jitter_OfOne_KeepsEveryWaitWithinItsBound()
    {
        TestTime time = new();
        await TaskGroup.RunAsync(group =>
        {
            for (int i = 0; i < 100; i++) _ = group.Start(_ => throw new IOException("bad"));
            group.Cancel();
            return Task.CompletedTask;
        }, new() { TimeProvider = time, Retry = new() { InitialDelay = TimeSpan.FromSeconds(10), Jitter = 1 } }).Within("the group's end");
        HashSet<TimeSpan> waits = [];
        for (int i = 0; i < 100; i++) waits.Add(await time.NextTimer());
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromSeconds(10)));
        Assert.InRange(waits.Count, 50, 100);
    }
}
