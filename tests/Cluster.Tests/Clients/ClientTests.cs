using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Grains;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Clients;

/// <summary>A client whose cluster changes under it.</summary>
public sealed class ClientTests
{
    [Fact]
    [Trait("Rule", "D7")]
    public async Task Kill_EachSiloInTurn_RunResultAndWatchGoOn()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        InProcessSiloHandle[] first = [.. cluster.Silos];
        Task<int> run = cluster.Client.RunAsync(Run.Workflow<Sow>(), "run", new Rows(6));
        await cluster.Field.StartedAsync(6);
        // Guarded in the end: three silos are started and killed meanwhile.
        Task<int> result = cluster.Client.ResultAsync<int>("run");
        Task<List<WorkflowEvent>> watched = cluster.Client.WatchAsync("run").ToListAsync().AsTask();
        // Whichever of them is the client's gateway, it is among these.
        foreach (InProcessSiloHandle silo in first)
        {
            await cluster.AddAsync();
            await cluster.KillAsync(silo);
            Assert.Equal(WorkflowStatus.Running, (await cluster.Field.GuardAsync(cluster.Client.DescribeAsync("run"), "the description"))!.Status);
        }

        cluster.Field.Open("open");
        Assert.Equal(15, await cluster.Field.GuardAsync(run, "the run"));
        Assert.Equal(15, await cluster.Field.GuardAsync(result, "the result"));
        IReadOnlyList<WorkflowEvent> events = await cluster.EventsAsync("run");
        Assert.Equal(events.Select(seen => seen.Sequence), (await cluster.Field.GuardAsync(watched, "the events")).Select(seen => seen.Sequence));
        Assert.Single(events, seen => seen.Kind == WorkflowEventKind.WorkflowEnded);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Run_TheCancellationOvertakesTheStart_IsCancelledAllTheSame()
    {
        TaskCompletionSource start = new(TaskCreationOptions.RunContinuationsAsynchronously), asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted
        {
            Silos = 1,
            Client = client => client.AddOutgoingGrainCallFilter(async call =>
            {
                if (call.MethodName == "RunAsync") await start.Task;
                await call.Invoke();
                if (call.MethodName == "CancelAsync") asked.TrySetResult();
            }),
        });
        using CancellationTokenSource source = new();
        Task<int> run = cluster.Client.RunAsync(Run.Workflow<Sow>(), "overtaken", new Rows(1), source.Token);
        await source.CancelAsync();
        await cluster.Field.GuardAsync(asked.Task, "the cancellation");
        start.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.Field.GuardAsync(run, "the run"));
        Assert.Equal(WorkflowStatus.Cancelled, (await cluster.Client.DescribeAsync("overtaken"))!.Status);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Start_OneIdFromTwoSilosAtOnce_OneStartsIt()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        cluster.Field.Open("open");
        for (int i = 0; i < 20; i++)
        {
            WorkflowId id = $"both-{i}";
            bool[] started = await cluster.Field.GuardAsync(
                Task.WhenAll(cluster.Silos.Select(silo => FieldCluster.ClientOn(silo).StartAsync(Run.Workflow<Sow>(), id, new Rows(2)))), "the starts");
            Assert.Single(started, true);
            Assert.Equal(1, await cluster.ResultAsync(id));
        }

        Assert.Equal(40, cluster.Field.Starts.Count);
        string[] listed = [.. (await ListAsync(cluster, null)).Select(workflow => workflow.Id.Value)];
        Assert.Equal(20, listed.Distinct().Count());
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task List_ByStatus_StuckIncluded_AlsoJustAfterASiloDied()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        WorkflowId ended = await cluster.SowAsync(cluster.Silos[0], new Rows(1, Gate: "second"));
        WorkflowId running = await cluster.SowAsync(cluster.Silos[1], new Rows(1));
        WorkflowId stuck = await cluster.SowAsync(cluster.Silos[2], new Rows(2), Run.Workflow<Wilt>());
        cluster.Field.Open("first");
        await Assert.ThrowsAsync<WorkflowStuckException>(() => cluster.ResultAsync(stuck));
        await Assert.ThrowsAsync<WorkflowStuckException>(() => cluster.EventsAsync(stuck));
        cluster.Field.Open("second");
        await cluster.ResultAsync(ended);
        Assert.Equal([stuck], (await ListAsync(cluster, WorkflowStatus.Stuck)).Select(workflow => workflow.Id));
        Assert.Equal([running], (await ListAsync(cluster, WorkflowStatus.Running)).Select(workflow => workflow.Id));
        Assert.Equal([ended], (await ListAsync(cluster, WorkflowStatus.Succeeded)).Select(workflow => workflow.Id));
        Task kill = cluster.KillAsync(cluster.Silos[0]);
        while (!kill.IsCompleted) Assert.Equal(3, (await ListAsync(cluster, null)).Count);
        await kill;
        Assert.Equal([WorkflowStatus.Succeeded, WorkflowStatus.Running, WorkflowStatus.Stuck], (await ListAsync(cluster, null)).Select(workflow => workflow.Status));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task List_TheSiloThatItComesFromDies_GoesOnAndGivesEachOnce()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2 });
        InProcessSiloHandle[] first = [.. cluster.Silos];
        List<WorkflowId> ids = [];
        for (int i = 0; i < 4; i++) ids.Add(await cluster.SowAsync(first[i % 2], new Rows(1)));
        // The first comes alone: the silos were asked for it. The next are asked for where it came from.
        await using IAsyncEnumerator<WorkflowSummary> list = cluster.Client.ListAsync().GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await cluster.Field.GuardAsync(list.MoveNextAsync().AsTask(), "the first"));
        List<WorkflowId> listed = [list.Current.Id];
        await cluster.AddAsync();
        foreach (InProcessSiloHandle silo in first) await cluster.KillAsync(silo);
        while (await cluster.Field.GuardAsync(list.MoveNextAsync().AsTask(), "the next")) listed.Add(list.Current.Id);
        Assert.Equal(ids, listed);
    }

    [Theory]
    [InlineData("describe")]
    [InlineData("watch")]
    [InlineData("result")]
    [InlineData("signal")]
    [InlineData("list")]
    [InlineData("audit")]
    [InlineData("purge")]
    [Trait("Rule", "D4")]
    public async Task Ask_TheJournalIsAwayForAMoment_TheClientAsksAgain(string what)
    {
        AbsentJournal journal = new(new MemoryJournal());
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Journal = journal });
        WorkflowId running = await cluster.SowAsync(cluster.Silos[0], new Rows(1));
        await cluster.Field.StartedAsync(1);
        WorkflowId ended = await cluster.SowAsync(cluster.Silos[1], new Rows(2, Gate: "first"));
        cluster.Field.Open("first");
        Assert.Equal(1, await cluster.ResultAsync(ended));
        // From here on only the journal knows of it.
        await cluster.LetGoAsync(ended);
        journal.Absences = 3;
        switch (what)
        {
            case "describe":
                Assert.Equal(WorkflowStatus.Succeeded, (await cluster.Field.GuardAsync(cluster.Client.DescribeAsync(ended), "the description"))!.Status);
                break;
            case "watch":
                Assert.Single(await cluster.EventsAsync(ended), seen => seen.Kind == WorkflowEventKind.WorkflowEnded);
                break;
            case "result":
                Assert.Equal(1, await cluster.ResultAsync(ended));
                break;
            case "signal":
                Assert.False(await cluster.Field.GuardAsync(cluster.Client.SignalAsync(ended, "sun", 1), "the signal"));
                break;
            case "list":
                Assert.Equal([running, ended], (await ListAsync(cluster, null)).Select(workflow => workflow.Id));
                break;
            case "purge":
                Assert.Equal(1, await cluster.Field.GuardAsync(cluster.Cluster.PurgeAsync(DateTimeOffset.MaxValue), "the purge"));
                break;
            default:
                Assert.Empty(await cluster.Field.GuardAsync(cluster.Cluster.AuditAsync(), "the audit"));
                break;
        }

        Assert.True(journal.Absences <= 0, "Nobody asked the journal.");
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Purge_MoreThanAPage_LeavesWhatEndedLaterOrRuns_AndIdsAreFreeAgain()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        WorkflowId running = await cluster.SowAsync(cluster.Silos[1], new Rows(1));
        cluster.Field.Open("first");
        Rows old = new(1, Gate: "first");
        WorkflowId[] ended = [.. Enumerable.Range(0, 250).Select(i => (WorkflowId)$"old-{i}")];
        await cluster.Field.GuardAsync(Task.WhenAll(ended.Select(id => cluster.Client.RunAsync(Run.Workflow<Sow>(), id, old))), "the old ones");
        DateTimeOffset last = (await ListAsync(cluster, WorkflowStatus.Succeeded)).Max(workflow => workflow.EndedAt!.Value);
        WorkflowId late = "late";
        await cluster.Field.GuardAsync(cluster.Client.RunAsync(Run.Workflow<Sow>(), late, old), "the late one");
        Assert.Equal(250, await cluster.Field.GuardAsync(cluster.Cluster.PurgeAsync(last.AddTicks(1)), "the purge"));
        Assert.Equal([running, late], (await ListAsync(cluster, null)).Select(workflow => workflow.Id));
        await cluster.LetGoAsync(ended[0]);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => cluster.ResultAsync(ended[0]));
        Assert.Equal(0, await cluster.Field.GuardAsync(cluster.Cluster.PurgeAsync(last.AddTicks(1)), "the second purge"));
        Assert.True(await cluster.Field.GuardAsync(cluster.Client.StartAsync(Run.Workflow<Sow>(), ended[0], old), "the start of a freed id"));
        Assert.Equal(0, await cluster.ResultAsync(ended[0]));
    }

    private static Task<List<WorkflowSummary>> ListAsync(FieldCluster cluster, WorkflowStatus? status)
    {
        return cluster.Field.GuardAsync(ReadAsync(), "the list");

        async Task<List<WorkflowSummary>> ReadAsync()
        {
            List<WorkflowSummary> all = [];
            await foreach (WorkflowSummary workflow in cluster.Client.ListAsync(status)) all.Add(workflow);
            return all;
        }
    }
}
