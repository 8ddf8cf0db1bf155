using Microsoft.Extensions.Time.Testing;
using Sheaf.Hosting;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>D7: one timer for all that wait.</summary>
public sealed class WheelTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Wheel _wheel;
    private int _calls;

    public WheelTests() => _wheel = new Wheel(_time, () => _calls++);

    private DateTimeOffset Now => _time.GetUtcNow();

    public void Dispose() => _wheel.Dispose();

    [Fact]
    [Trait("Rule", "D7")]
    public void TakeDue_Several_GivesThoseThatAreInTheOrderOfTime()
    {
        _wheel.Set("c", 1, Now.AddDays(3));
        _wheel.Set("a", 1, Now.AddDays(1));
        _wheel.Set("b", 1, Now.AddDays(1));
        _wheel.Set("never", 1, DateTimeOffset.MaxValue);
        _time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromTicks(1));
        Assert.Empty(_wheel.TakeDue());
        Assert.Equal(0, _calls);
        _time.Advance(TimeSpan.FromTicks(1) + TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, _calls);
        Assert.Equal(["a", "b"], _wheel.TakeDue().Select(id => id.Value));
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(2, _calls);
        Assert.Equal(["c"], _wheel.TakeDue().Select(id => id.Value));
        Assert.Equal((true, true), (_wheel.Contains("never"), _wheel.Contains("c")));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public void Postpone_OneThatWasDue_IsDueOnceMore()
    {
        _wheel.Set("a", 1, Now.AddDays(1));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Single(_wheel.TakeDue());
        Assert.Empty(_wheel.TakeDue());
        _wheel.Postpone("a", Now.AddDays(1));
        _wheel.Postpone("nobody", Now.AddDays(1));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal("a", Assert.Single(_wheel.TakeDue()).Value);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public void Set_BeyondThePlatformsTimers_IsReachedAllTheSame()
    {
        _wheel.Set("a", 1, Now.AddDays(400));
        for (int day = 0; day < 399; day++) _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal((0, 0), (_calls, _wheel.TakeDue().Count));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal("a", Assert.Single(_wheel.TakeDue()).Value);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public void Set_Again_ReplacesWhatThereWas()
    {
        _wheel.Set("a", 1, Now.AddDays(1));
        _wheel.Set("a", 1, Now.AddDays(2));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(_wheel.TakeDue());
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Single(_wheel.TakeDue());
    }

    [Fact]
    [Trait("Rule", "D5")]
    public void SetIfNews_OfTheSameOrAnEarlierOwnership_ChangesNothing()
    {
        _wheel.Set("a", 2, Now.AddDays(1));
        _wheel.SetIfNews("a", 1, Now.AddDays(9));
        _wheel.SetIfNews("a", 2, Now.AddDays(9));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Single(_wheel.TakeDue());
        _wheel.Set("a", 2, Now.AddDays(9));
        _wheel.SetIfNews("a", 3, Now.AddDays(1));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Single(_wheel.TakeDue());
    }

    [Fact]
    [Trait("Rule", "D7")]
    public void SetIfNews_OfOneThatWasDueAndIsNotYet_IsDueOnceMore()
    {
        _wheel.Set("a", 2, Now.AddDays(1));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Single(_wheel.TakeDue());
        // Who was told of it looks at a clock that has been set back.
        _wheel.SetIfNews("a", 2, Now.AddDays(1));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Single(_wheel.TakeDue());
    }

    [Fact]
    [Trait("Rule", "D5")]
    public void Remove_OfALaterOwnership_IsLeftThere()
    {
        _wheel.Set("a", 2, Now.AddDays(1));
        _wheel.Remove("a", upToEpoch: 1);
        Assert.True(_wheel.Contains("a"));
        _wheel.Remove("a", upToEpoch: 2);
        Assert.False(_wheel.Contains("a"));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(_wheel.TakeDue());
    }
}
