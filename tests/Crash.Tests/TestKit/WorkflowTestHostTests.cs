using Sheaf.Crash.Tests.Workflows;
using Sheaf.Journal;

namespace Sheaf.Crash.Tests.TestKit;

/// <summary>Time that skips, and a host that knows when it waits.</summary>
public sealed class WorkflowTestHostTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Run_DelaysOfDays_EndsAtOnceAtTheRightTime()
    {
        await using WorkflowTestHost host = WorkflowTestHost.Create(Registration.AddAll);
        DateTimeOffset start = host.Clock.GetUtcNow();
        await host.Client.StartAsync(Run.Workflow<EveryKind>(), "w", "x");
        await host.AdvanceAsync().WaitAsync(Guard);
        Assert.Equal(start, host.Clock.GetUtcNow());
        await host.Client.SignalAsync("w", "approval", "yes");
        Assert.StartsWith("yes; x stepped; 3 sibling; ", await host.ResultAsync<string>("w").WaitAsync(Guard), StringComparison.Ordinal);
        Assert.Equal(start + TimeSpan.FromDays(2), host.Clock.GetUtcNow());
    }

    [Fact]
    public async Task Run_NobodySendsTheSignal_StallsAndSaysWhatIsWaitedFor()
    {
        await using WorkflowTestHost host = WorkflowTestHost.Create(Registration.AddAll);
        WorkflowStalledException stalled = await Assert.ThrowsAsync<WorkflowStalledException>(() => host.RunAsync(Run.Workflow<EveryKind>(), "w", "x").WaitAsync(Guard));
        Assert.Contains("Signal 'größe 🌾/approval'", stalled.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Advance_PartOfADelay_FiresOnlyWhatIsDue()
    {
        await using WorkflowTestHost host = WorkflowTestHost.Create(Registration.AddAll);
        await host.Client.StartAsync(Run.Workflow<TimeIsUp>(), "w", "x");
        await host.AdvanceAsync(TimeSpan.FromHours(2)).WaitAsync(Guard);
        ChildDescription group = Assert.Single((await host.Client.DescribeAsync("w"))!.Children);
        Assert.Equal([OutcomeKind.Succeeded, null], group.Children.Select(child => child.Outcome));
        await host.AdvanceAsync(TimeSpan.FromHours(1)).WaitAsync(Guard);
        group = (await host.Client.DescribeAsync("w"))!.Children[0];
        Assert.Equal([OutcomeKind.Succeeded, OutcomeKind.Cancelled], group.Children.Select(child => child.Outcome));
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task Crash_NextHostOnTheSameJournal_GoesOn()
    {
        MemoryJournal journal = new();
        TestClock clock = new();
        await using (WorkflowTestHost first = WorkflowTestHost.Create(Registration.AddAll, new() { Journal = journal, Clock = clock }))
        {
            await first.Client.StartAsync(Run.Workflow<TimeIsUp>(), "w", "x");
            await first.AdvanceAsync(TimeSpan.FromHours(1)).WaitAsync(Guard);
            await first.CrashAsync().WaitAsync(Guard);
        }

        await using WorkflowTestHost second = WorkflowTestHost.Create(Registration.AddAll, new() { Journal = journal, Clock = clock });
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => second.ResultAsync<string>("w").WaitAsync(Guard));
        Assert.True(failures.Contains<DeadlineExceededException>());
        Assert.Equal(["slow", "never"], second.Deliveries.Select(delivery => delivery.Child));
    }

    [Theory]
    [InlineData(JournalFault.NotWritten)]
    [InlineData(JournalFault.AnswerLost)]
    [Trait("Rule", "D5")]
    public async Task Journal_FailsOnce_TheWorkflowGoesOn(JournalFault fault)
    {
        FaultyJournal journal = new(new MemoryJournal(), 2, fault);
        await using WorkflowTestHost host = WorkflowTestHost.Create(Registration.AddAll, new() { Journal = journal });
        await Assert.ThrowsAsync<ExceptionGroup>(() => host.RunAsync(Run.Workflow<FailFast>(), "w", "x").WaitAsync(Guard));
        Assert.True(journal.WhenFailed.IsCompleted);
    }

    [Theory]
    [InlineData(JournalFault.CrashBeforeWrite)]
    [InlineData(JournalFault.CrashAfterWrite)]
    [InlineData(JournalFault.CrashAfterEffects)]
    [Trait("Rule", "D5")]
    public async Task Journal_GoesDown_TheNextHostGoesOn(JournalFault fault)
    {
        MemoryJournal inner = new();
        FaultyJournal journal = new(inner, 2, fault);
        TestClock clock = new();
        await using (WorkflowTestHost first = WorkflowTestHost.Create(Registration.AddAll, new() { Journal = journal, Clock = clock }))
        {
            Task<string> lost = first.RunAsync(Run.Workflow<FailFast>(), "w", "x");
            await journal.WhenFailed.WaitAsync(Guard);
            await first.CrashAsync().WaitAsync(Guard);
            await Assert.ThrowsAnyAsync<Exception>(() => lost.WaitAsync(Guard));
        }

        await using WorkflowTestHost second = WorkflowTestHost.Create(Registration.AddAll, new() { Journal = inner, Clock = clock });
        await Assert.ThrowsAsync<ExceptionGroup>(() => second.RunAsync(Run.Workflow<FailFast>(), "w", "x").WaitAsync(Guard));
    }
}
