using Microsoft.Extensions.DependencyInjection;
using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>R14: durable children that get ready, where something is in their way.</summary>
public sealed class ReadyWorkerTests
{
    private readonly ReadyScript _script = new();

    [Fact]
    [Trait("Rule", "R14")]
    public async Task Ready_WithoutWaiting_IsOnItsWayBeforeWhatTheWorkerDoesNext()
    {
        _script.Work = async (context, _) =>
        {
            Task ready = context.ReadyAsync("up");
            await context.SpawnAsync("next", Run.Worker<ScriptedWorker>(), "ok");
            await ready;
            return "done";
        };
        ScriptTable scripts = new() { Workers = { ["ok"] = (_, _) => Task.FromResult("ok") } };
        MemoryJournal journal = new();
        await using ServiceProvider host = StartHost(journal, scripts);
        Assert.Equal("up", await ClientOf(host).RunAsync(Run.Workflow<StartsReady>(), "w", 50).Within("the workflow's end"));
        List<JournalEntry> entries = await JournalReading.ReadAllAsync(journal, new WorkflowId("w"), CancellationToken.None);
        HashSet<ChildId> ready = [];
        foreach (JournalEntry entry in entries)
        {
            if (entry is ChildReady { Child: var child }) ready.Add(child);
            if (entry is ChildSpawned { Parent: var parent }) Assert.Contains(parent, ready);
        }

        Assert.Equal(50, ready.Count);
    }

    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D4")]
    public async Task Host_StopsWhileTheWordIsOnItsWay_TheWorkerIsTold_AndDeliveredAgain()
    {
        TaskCompletionSource said = Guard.Signal();
        TaskCompletionSource<Exception> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        HookedJournal journal = new();
        journal.BeforeAppend = commits =>
        {
            if (!commits.SelectMany(commit => EntryCodec.Decode(commit.Body.Span)).Any(entry => entry is ChildReady)) return Task.CompletedTask;
            said.TrySetResult();
            return Task.FromException(new IOException("the journal is away"));
        };
        _script.Work = async (context, token) =>
        {
            if (context.FencingToken > 1)
            {
                await context.ReadyAsync("up again");
                return "done";
            }

            try
            {
                await context.ReadyAsync("up");
            }
            catch (Exception error)
            {
                told.SetResult(error);
                throw;
            }

            return "never";
        };
        await using (ServiceProvider first = StartHost(journal))
        {
            await ClientOf(first).StartAsync(Run.Workflow<StartsReady>(), "w", 1);
            await said.Task.Within("the word");
        }

        Assert.IsAssignableFrom<OperationCanceledException>(await told.Task.Within("the answer"));
        journal.BeforeAppend = _ => Task.CompletedTask;
        await using ServiceProvider second = StartHost(journal);
        Assert.Equal("up again", await ClientOf(second).ResultAsync<string>("w").Within("the workflow's end"));
    }

    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D3")]
    public async Task Workflow_IsStuckOnTheWord_TheWorkerWaitsUntilItGoesOn()
    {
        _script.Work = async (context, _) =>
        {
            await context.ReadyAsync("up");
            return "done";
        };
        _script.Breaks = true;
        await using ServiceProvider host = StartHost(new MemoryJournal());
        await ClientOf(host).StartAsync(Run.Workflow<StartsReady>(), "w", 1);
        await Guard.Throws<WorkflowStuckException>(() => ClientOf(host).ResultAsync<string>("w"));
        Assert.False(_script.WasAnswered);
        _script.Breaks = false;
        await ClientOf(host).RetryAsync("w");
        Assert.Equal("up", await ClientOf(host).ResultAsync<string>("w").Within("the workflow's end"));
        Assert.True(_script.WasAnswered);
    }

    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "D5")]
    public async Task Commit_OfTheWord_IsWrittenAndNotAnswered_TheWorkerIsReadyOnce()
    {
        HookedJournal journal = new();
        bool isFirst = true;
        journal.AfterAppend = commits =>
        {
            if (!isFirst || !commits.SelectMany(commit => EntryCodec.Decode(commit.Body.Span)).Any(entry => entry is ChildReady)) return Task.CompletedTask;
            isFirst = false;
            return Task.FromException(new IOException("no answer"));
        };
        _script.Work = async (context, _) =>
        {
            await context.ReadyAsync("up");
            return "done";
        };
        await using ServiceProvider host = StartHost(journal);
        Assert.Equal("up", await ClientOf(host).RunAsync(Run.Workflow<StartsReady>(), "w", 1).Within("the workflow's end"));
        Assert.Single(await JournalReading.ReadAllAsync(journal, new WorkflowId("w"), CancellationToken.None), entry => entry is ChildReady);
        Assert.Equal(1, _script.Calls);
    }

    [Fact]
    [Trait("Rule", "R14")]
    [Trait("Rule", "R9")]
    public async Task Child_IsAbandonedBeforeItIsReady_ItsWordIsLate()
    {
        TaskCompletionSource gate = Guard.Signal();
        TaskCompletionSource running = Guard.Signal();
        TaskCompletionSource<Exception?> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TestTime time = new();
        _script.Work = async (context, _) =>
        {
            running.TrySetResult();
            await gate.Task;
            try
            {
                await context.ReadyAsync("up");
                told.SetResult(null);
            }
            catch (Exception error)
            {
                told.SetResult(error);
            }

            return "late";
        };
        await using ServiceProvider host = StartHost(new MemoryJournal(), time: time);
        await ClientOf(host).StartAsync(Run.Workflow<StartsReady>(), "w", 1);
        await running.Task.Within("the worker");
        await ClientOf(host).CancelAsync("w", "enough");
        Task<string> end = ClientOf(host).ResultAsync<string>("w");
        Assert.Equal(TimeSpan.FromSeconds(30), await time.NextTimer());
        time.Advance(TimeSpan.FromSeconds(30));
        await Guard.Throws<ExceptionGroup>(() => end);
        gate.SetResult();
        Assert.IsAssignableFrom<OperationCanceledException>(await told.Task.Within("the answer"));
    }

    private ServiceProvider StartHost(IJournal journal, ScriptTable? scripts = null, TimeProvider? time = null)
    {
        ServiceCollection services = new();
        services.AddSingleton(_script);
        services.AddSingleton(scripts ?? new ScriptTable());
        if (time is not null) services.AddSingleton(time);
        // The tests look at the clock's timers: there are none but the workflow's own.
        services.AddSheaf(s => s.AddWorkflow<StartsReady>().AddWorker<ScriptedReady>().AddWorker<ScriptedWorker>().UseOptions(new SheafOptions { IdleTimeout = Timeout.InfiniteTimeSpan })).UseEmbedded(journal);
        return services.BuildServiceProvider();
    }

    private static IWorkflowClient ClientOf(ServiceProvider host) => host.GetRequiredService<IWorkflowClient>();
}

internal sealed class ReadyScript
{
    private int _calls;

    public Func<ReadyWorkerContext<string>, CancellationToken, Task<string>> Work { get; set; } = (_, _) => Task.FromResult("");

    /// <summary>Whether the workflow's code does what it must not once a child is ready.</summary>
    public volatile bool Breaks;

    public volatile bool WasAnswered;

    public int Calls => _calls;

    public async Task<string> RunAsync(ReadyWorkerContext<string> context, CancellationToken token)
    {
        Interlocked.Increment(ref _calls);
        string done = await Work(context, token);
        WasAnswered = true;
        return done;
    }
}

/// <summary>Starts so many that get ready, waits for all of them, and gives what the last is ready with.</summary>
[Workflow("starts-ready/v1")]
internal sealed class StartsReady(ReadyScript script) : Workflow<int, string>
{
    public override Task<string> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
    {
        ChildStart<string, string>[] starts = [.. Enumerable.Range(0, input).Select(i => group.StartAsync($"server{i}", Run.Worker<ScriptedReady>(), i))];
        string last = "";
        foreach (ChildStart<string, string> start in starts) last = await start;
#pragma warning disable SHEAF002 // On purpose: it is stuck.
        if (script.Breaks) Task.Factory.StartNew(workflow.NewGuid, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).GetAwaiter().GetResult();
#pragma warning restore SHEAF002
        return last;
    });
}

[Worker("scripted-ready/v1")]
internal sealed class ScriptedReady(ReadyScript script) : ReadyWorker<int, string, string>
{
    public override Task<string> RunAsync(int input, ReadyWorkerContext<string> context, CancellationToken cancellationToken) => script.RunAsync(context, cancellationToken);
}
