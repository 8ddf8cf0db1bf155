using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Crash.Tests.Workflows;
using Sheaf.Embedded;
using Sheaf.Hosting;
using Sheaf.Journal;
using Sheaf.Testing;

namespace Sheaf.Crash.Tests.Waiting;

/// <summary>D7: workflows that only wait leave memory, and no crash on their way costs more than a loading.</summary>
public sealed class LeavingTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Idle = SheafOptions.DefaultIdleTimeout;

    private readonly TestClock _clock = new();

    [Theory]
    [Trait("Rule", "D7")]
    [Trait("Rule", "D9")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restart_WithAThousandThatWait_LoadsNoneAndEachFires(bool onDisk)
    {
        const int Count = 1000;
        using TemporaryFolder folder = new();
        using SqliteJournal? file = onDisk ? new SqliteJournal($"Data Source={folder.PathOf("waiting.db")};Pooling=False") : null;
        IJournal journal = file is null ? new MemoryJournal() : file;
        await using (WorkflowTestHost first = Host(journal))
        {
            await Task.WhenAll(Enumerable.Range(0, Count).Select(i => first.Client.StartAsync(Run.Workflow<SleepsThenEchoes>(), NameOf(i), i))).WaitAsync(Guard);
            await first.AdvanceAsync().WaitAsync(Guard);
            Assert.Equal(Count, OwnerOf(first).InMemory);
            await first.AdvanceAsync(Idle).WaitAsync(Guard);
            Assert.Equal(0, OwnerOf(first).InMemory);
            await first.CrashAsync().WaitAsync(Guard);
        }

        await using WorkflowTestHost second = Host(journal);
        await second.AdvanceAsync(TimeSpan.FromDays(30) - Idle - TimeSpan.FromSeconds(1)).WaitAsync(Guard);
        Assert.Equal(0, OwnerOf(second).InMemory);
        Assert.Empty(second.Deliveries);
        // One a second from then on.
        await second.AdvanceAsync(TimeSpan.FromSeconds(10)).WaitAsync(Guard);
        Assert.Equal(10, second.Deliveries.Count);
        await second.AdvanceAsync(TimeSpan.FromSeconds(Count)).WaitAsync(Guard);
        Assert.Equal(Count, second.Deliveries.Count);
        List<WorkflowSummary> ended = await second.Client.ListAsync(WorkflowStatus.Succeeded).ToListAsync();
        Assert.Equal(Count, ended.Count);
        Assert.All(ended, summary => Assert.InRange(summary.EndedAt!.Value - summary.CreatedAt, TimeSpan.FromDays(30), TimeSpan.FromDays(30) + TimeSpan.FromSeconds(Count)));
        Assert.Equal(0, OwnerOf(second).InMemory);
    }

    public static TheoryData<JournalFault> Faults => [.. Enum.GetValues<JournalFault>()];

    [Theory]
    [Trait("Rule", "D4")]
    [Trait("Rule", "D5")]
    [Trait("Rule", "D7")]
    [MemberData(nameof(Faults))]
    public async Task Crash_AtEveryWriteOfOneThatLeavesTwice_EndsTheSame(JournalFault fault)
    {
        for (int failAt = 1; ; failAt++)
        {
            MemoryJournal inner = new();
            FaultyJournal journal = new(inner, failAt, fault);
            await using WorkflowTestHost first = Host(journal);
            Task driven = DriveAsync(first);
            bool isCrash = fault is not (JournalFault.NotWritten or JournalFault.AnswerLost);
            await Task.WhenAny(driven, isCrash ? journal.WhenFailed : driven).WaitAsync(Guard);
            if (isCrash && journal.WhenFailed.IsCompleted) await first.CrashAsync().WaitAsync(Guard);
            else await driven.WaitAsync(Guard);
            _ = driven.Exception;
            if (!journal.WhenFailed.IsCompleted)
            {
                // Created, marked, signalled, marked again, woken, and the worker's end: none may be missing here.
                Assert.InRange(journal.Appends, 6, 12);
                return;
            }

            await using WorkflowTestHost second = Host(inner);
            await DriveAsync(second).WaitAsync(Guard);
            string result = await second.ResultAsync<string>("w").WaitAsync(Guard);
            Assert.True(result == "went, woke", $"{fault} at append {failAt}: {result}");
            Assert.Equal(0, OwnerOf(second).InMemory);
            Assert.Equal(second.Deliveries.DistinctBy(seen => seen.IdempotencyKey).Count(), second.Deliveries.Count);
        }
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Mark_IsNotWritten_WhileAnythingRuns()
    {
        MemoryJournal journal = new();
        await using WorkflowTestHost host = Host(journal, new SheafOptions { IdleTimeout = TimeSpan.FromSeconds(1) });
        await host.Client.StartAsync(Run.Workflow<SleepsBesideAWorker>(), "w", 0);
        await host.AdvanceAsync(TimeSpan.FromMinutes(59)).WaitAsync(Guard);
        Assert.Equal(1, OwnerOf(host).InMemory);
        Assert.Null((await journal.FindAsync("w"))!.WakesAt);
        // The worker has ended; the delay goes on.
        await host.AdvanceAsync(TimeSpan.FromMinutes(2)).WaitAsync(Guard);
        Assert.Equal(0, OwnerOf(host).InMemory);
        Assert.Equal("both", await host.ResultAsync<string>("w").WaitAsync(Guard));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Nested_ThatOnlyWaits_StaysWithTheParentThatWaitsForIt()
    {
        MemoryJournal journal = new();
        await using WorkflowTestHost host = Host(journal);
        await host.Client.StartAsync(Run.Workflow<WaitsForAnother>(), "w", 0);
        await host.AdvanceAsync(TimeSpan.FromHours(1)).WaitAsync(Guard);
        Assert.Equal(2, OwnerOf(host).InMemory);
        await host.AdvanceAsync(TimeSpan.FromDays(31)).WaitAsync(Guard);
        Assert.Equal(0, OwnerOf(host).InMemory);
        Assert.Equal("0", await host.ResultAsync<string>("w").WaitAsync(Guard));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task IdleTimeout_Infinite_LeavesNoneAndLoadsAll()
    {
        MemoryJournal journal = new();
        await using (WorkflowTestHost first = Host(journal))
        {
            await first.Client.StartAsync(Run.Workflow<SleepsThenEchoes>(), "w", 0);
            await first.AdvanceAsync(Idle).WaitAsync(Guard);
            Assert.Equal(0, OwnerOf(first).InMemory);
        }

        await using WorkflowTestHost second = Host(journal, new SheafOptions { IdleTimeout = Timeout.InfiniteTimeSpan });
        await second.AdvanceAsync(TimeSpan.FromDays(1)).WaitAsync(Guard);
        Assert.Equal(1, OwnerOf(second).InMemory);
        Assert.Equal("0", await second.ResultAsync<string>("w").WaitAsync(Guard));
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"w-{number:000}");

    private static WorkflowOwner OwnerOf(WorkflowTestHost host) => host.Services.GetRequiredService<EmbeddedHost>().Workflows;

    /// <summary>Starts the workflow, signals it when it has left memory, and lets its time pass.</summary>
    private static async Task DriveAsync(WorkflowTestHost host)
    {
        Task start = host.Client.StartAsync(Run.Workflow<WaitsTwice>(), "w", 0);
        await host.AdvanceAsync(TimeSpan.FromHours(1));
        await start;
        Task signal = host.Client.SignalAsync("w", "go", "went", "1");
        await host.AdvanceAsync(TimeSpan.FromHours(1));
        await signal;
        await host.AdvanceAsync(TimeSpan.FromDays(2));
    }

    private WorkflowTestHost Host(IJournal journal, SheafOptions? options = null) => WorkflowTestHost.Create(
        sheaf => Registration.AddAll(sheaf).AddWorkflow<SleepsThenEchoes>().AddWorkflow<WaitsTwice>().AddWorkflow<SleepsBesideAWorker>().AddWorkflow<WaitsForAnother>().AddWorker<TakesAnHour>().UseOptions(options ?? new SheafOptions()),
        new() { Journal = journal, Clock = _clock });
}
