using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Conformance;

/// <summary>D7: a workflow that only waits leaves memory, and nobody can tell but by the memory.</summary>
[Needs(Capabilities.Durable)]
public abstract class WaitingConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly TimeSpan Idle = SheafOptions.DefaultIdleTimeout;
    protected static readonly TimeSpan Month = TimeSpan.FromDays(30);
    protected static readonly Func<SheafBuilder, SheafBuilder> AddWaiting = sheaf => sheaf.AddWorkflow<WaitingWorkflow>();

    // How many rests have begun so far.
    private int _rests;

    [Theory]
    [Trait("Rule", "D7")]
    [Trait("Rule", "R7")]
    [InlineData(WaitingWorkflow.Delay)]
    [InlineData(WaitingWorkflow.Deadline)]
    [InlineData(WaitingWorkflow.MoveOn)]
    [InlineData(WaitingWorkflow.Backoff)]
    public async Task Wait_ForAMonth_IsAwayAndComesBackAtItsInstant(string what)
    {
        HostProcess process = await StartAsync(configure: AddWaiting);
        DateTimeOffset start = Host.Time.GetUtcNow();
        await LeaveAsync(process, what);
        Assert.Equal(start + Month, (await Journal.FindAsync(Stage.Id))!.WakesAt);
        // However many rests it took.
        Host.Time.Advance(start + Month - TimeSpan.FromTicks(1) - Host.Time.GetUtcNow());
        Assert.Equal(0, process.InMemory);
        Assert.Equal(0, Stage.CountOf("woke:started"));
        // Nobody asks for it: its instant is enough.
        Host.Time.Advance(TimeSpan.FromTicks(1));
        await Stage.ReachedAsync("woke:started");
        Assert.Equal($"{(what == WaitingWorkflow.Backoff ? "ok" : what)} after {Month}", await ResultAsync(process));
        await AssertOneOutcomeAChildAsync(process, Stage.Id);
    }

    [Fact]
    [Trait("Rule", "D3")]
    [Trait("Rule", "D7")]
    public async Task Signal_ToOneThatIsAway_IsTaken()
    {
        HostProcess process = await StartAsync(configure: AddWaiting);
        DateTimeOffset start = Host.Time.GetUtcNow();
        await LeaveAsync(process, WaitingWorkflow.Signal);
        Assert.Equal(DateTimeOffset.MaxValue, (await Journal.FindAsync(Stage.Id))!.WakesAt);
        // Twice by its key: it counts once, though another actor is asked.
        Assert.True(await process.Client.SignalAsync(Stage.Id, "other", "x", "1"));
        Assert.Null((await Journal.FindAsync(Stage.Id))!.WakesAt);
        await LeaveAgainAsync(process);
        Assert.True(await process.Client.SignalAsync(Stage.Id, "other", "x", "1"));
        Assert.True(await process.Client.SignalAsync(Stage.Id, "go", "went"));
        // Two rests; three where it had not begun to rest when the time of the second passed.
        Assert.Equal($"went after {Host.Time.GetUtcNow() - start}", await ResultAsync(process));
        Assert.Equal(2, (await JournalReading.ReadAllAsync(Journal, Stage.Id, CancellationToken.None)).OfType<SignalReceived>().Count());
    }

    [Fact]
    [Trait("Rule", "R5")]
    [Trait("Rule", "D7")]
    public async Task Cancel_OfOneThatIsAway_EndsIt()
    {
        HostProcess process = await StartAsync(configure: AddWaiting);
        await LeaveAsync(process, WaitingWorkflow.Delay);
        Assert.True(await process.Client.CancelAsync(Stage.Id, "enough"));
        OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ResultAsync(process));
        Assert.Contains("enough", cancelled.Message, StringComparison.Ordinal);
        Assert.Equal(WorkflowStatus.Cancelled, (await process.Client.DescribeAsync(Stage.Id))!.Status);
    }

    [Fact]
    [Trait("Rule", "D11")]
    [Trait("Rule", "D7")]
    public async Task Describe_OneThatIsAway_LeavesItThere()
    {
        HostProcess process = await StartAsync(configure: AddWaiting);
        await LeaveAsync(process, WaitingWorkflow.Delay);
        WorkflowDescription description = (await process.Client.DescribeAsync(Stage.Id))!;
        Assert.Equal((WorkflowStatus.Running, "delay"), (description.Status, Assert.Single(description.Children).Name));
        Assert.Equal(0, process.InMemory);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Restart_WhileItIsAway_DoesNotLoadItBeforeItsInstant()
    {
        HostProcess first = await StartAsync(configure: AddWaiting);
        await LeaveAsync(first, WaitingWorkflow.Delay);
        await EndAsync(first);
        HostProcess second = await StartAsync(configure: AddWaiting);
        // Both have had it in view until then: the second knows of it now.
        await Stage.GuardAsync(Host.Time.TimerStarted(Month - Idle, 2), "the second process's timer");
        Assert.Equal(0, second.InMemory);
        Host.Time.Advance(Month - Idle);
        await Stage.ReachedAsync("woke:started");
        Assert.Equal($"delay after {Month}", await ResultAsync(second));
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
    }

    [Fact]
    [Trait("Rule", "D7")]
    [Trait("Rule", "R7")]
    public async Task Restart_AfterItsInstant_TakesItUpAtOnce()
    {
        HostProcess first = await StartAsync(configure: AddWaiting);
        await LeaveAsync(first, WaitingWorkflow.Delay);
        await EndAsync(first);
        Host.Time.Advance(Month);
        HostProcess second = await StartAsync(configure: AddWaiting);
        await Stage.ReachedAsync("woke:started");
        Assert.Equal($"delay after {Month + Idle}", await ResultAsync(second));
    }

    /// <summary>Starts a workflow that waits, and lets it wait until it has left memory.</summary>
    protected async Task LeaveAsync(HostProcess process, string what)
    {
        Assert.True(await process.Client.StartAsync(Run.Workflow<WaitingWorkflow>(), Stage.Id, new Wait(Stage.Id, what, Month)));
        if (what == WaitingWorkflow.Backoff) await Stage.GuardAsync(Host.Time.TimerStarted(Month), "the backoff");
        await LeaveAgainAsync(process);
    }

    private async Task LeaveAgainAsync(HostProcess process)
    {
        Task left = process.LetGoAsync(Stage.Id);
        // Its rest begins with a timer. One that had not begun when the time passed begins another.
        while (await Stage.GuardAsync(Task.WhenAny(left, Host.Time.TimerStarted(Idle, _rests + 1)), "its rest, or its leaving") != left)
        {
            _rests++;
            Host.Time.Advance(Idle);
        }

        Assert.Equal(0, process.InMemory);
    }
}
