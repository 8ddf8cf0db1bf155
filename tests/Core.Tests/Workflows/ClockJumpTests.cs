using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>R7: instants are the clock's, also where that is set, or goes on while the machine and its timers sleep.</summary>
public sealed class ClockJumpTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;

    private readonly JumpingTime _time = new();
    private readonly MemoryJournal _journal = new();
    private readonly ScriptTable _scripts = new();

    public ClockJumpTests() => _scripts.Workflows["sleep"] = async workflow =>
    {
        await workflow.DelayAsync(Day);
        return "slept";
    };

    [Fact]
    [Trait("Rule", "R7")]
    public void Look_TellsJumpsFromTimeThatPasses()
    {
        int jumps = 0;
        JumpingTime time = new();
        using ClockWatch watch = new(time, () => jumps++);
        watch.Look();
        time.Advance(Day);
        watch.Look();
        time.Jump(TimeSpan.FromMilliseconds(500));
        watch.Look();
        Assert.Equal(0, jumps);
        time.Jump(TimeSpan.FromHours(1));
        watch.Look();
        watch.Look();
        Assert.Equal(1, jumps);
        time.Jump(-TimeSpan.FromHours(2));
        watch.Look();
        Assert.Equal(2, jumps);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Jump_PastTheEndOfADelayInMemory_EndsIt()
    {
        await using ScriptHost host = new(_scripts, _journal, new SheafOptions { IdleTimeout = Timeout.InfiniteTimeSpan }, _time);
        Task<string> result = host.RunAsync("w", "sleep", Token);
        await _time.TimerStarted(Day).WaitAsync(Guard, Token);
        _time.Jump(2 * Day);
        host.Host.Workflows.Watch.Look();
        Assert.Equal("slept", await result.WaitAsync(Guard, Token));
    }

    [Fact]
    [Trait("Rule", "D7")]
    [Trait("Rule", "R7")]
    public async Task Jump_PastTheInstantOfOneThatIsAway_WakesIt()
    {
        TimeSpan idle = TimeSpan.FromMinutes(1);
        await using ScriptHost host = new(_scripts, _journal, new SheafOptions { IdleTimeout = idle }, _time);
        await host.StartAsync("w", "sleep");
        await _time.TimerStarted(idle).WaitAsync(Guard, Token);
        WorkflowActor actor = host.Host.Workflows.Find("w")!;
        _time.Advance(idle);
        await actor.WhenLetGo.WaitAsync(Guard, Token);
        _time.Jump(2 * Day);
        host.Host.Workflows.Watch.Look();
        // The wheel's shortest timer.
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("slept", await host.Client.ResultAsync<string>("w", Token).WaitAsync(Guard, Token));
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Jump_BackIntoTheDay_LeavesTheDelayItsInstant()
    {
        await using ScriptHost host = new(_scripts, _journal, new SheafOptions { IdleTimeout = Timeout.InfiniteTimeSpan }, _time);
        Task<string> result = host.RunAsync("w", "sleep", Token);
        await _time.TimerStarted(Day).WaitAsync(Guard, Token);
        _time.Jump(-Day);
        host.Host.Workflows.Watch.Look();
        await _time.TimerStarted(2 * Day).WaitAsync(Guard, Token);
        _time.Advance(2 * Day);
        Assert.Equal("slept", await result.WaitAsync(Guard, Token));
    }

    /// <summary>Fake time whose clock can be set while its timers go on.</summary>
    private sealed class JumpingTime : TimerTime
    {
        private long _offset;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _offset));

        // The base takes it from the clock.
        public override long GetTimestamp() => base.GetUtcNow().UtcTicks;

        public void Jump(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);
    }
}
