using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

public sealed class EmbeddedHostHardCaseTests
{
    private readonly ScriptTable _scripts = new();

    [Fact]
    public async Task Worker_EndlessAttemptTimeout_Runs()
    {
        _scripts.Workers["ok"] = (_, _) => Task.FromResult("ok");
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "ok", new() { Retry = new() { AttemptTimeout = TimeSpan.MaxValue } }));
        await using ScriptHost host = new(_scripts);
        Assert.Equal("ok", await host.RunAsync("w", "w").Within("the workflow's end"));
    }

    [Fact]
    public async Task Worker_TimeoutCallbackThrows_FailsTheAttempt()
    {
        TestTime time = new();
        TaskCompletionSource running = Guard.Signal();
        _scripts.Workers["bad"] = async (_, token) =>
        {
            using CancellationTokenRegistration registration = token.Register(() => throw new FormatException("callback"));
            running.SetResult();
            await Guard.Forever(token);
            return "";
        };
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "bad", new() { Retry = new() { MaxAttempts = 1, AttemptTimeout = TimeSpan.FromSeconds(5) } }));
        await using ScriptHost host = new(_scripts, time: time);
        Task<string> end = host.RunAsync("w", "w");
        await running.Task.Within("the worker's start");
        time.Advance(TimeSpan.FromSeconds(6));
        ExceptionGroup failures = await Guard.Throws<ExceptionGroup>(() => end);
        Assert.True(failures.Contains<TimeoutException>());
        Assert.True(failures.Contains<FormatException>());
    }

    [Fact]
    public async Task Stop_WorkersCallbackThrows_StopsAllTheSame()
    {
        TaskCompletionSource running = Guard.Signal();
        TaskCompletionSource left = Guard.Signal();
        _scripts.Workers["bad"] = async (_, token) =>
        {
            using CancellationTokenRegistration registration = token.Register(() => throw new FormatException("callback"));
            running.SetResult();
            try
            {
                await Guard.Forever(token);
            }
            finally
            {
                left.SetResult();
            }

            return "";
        };
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "bad"));
        await using ScriptHost host = new(_scripts);
        await host.StartAsync("w", "w");
        await running.Task.Within("the worker's start");
        await host.Host.StopAsync(default).Within("the host's stop");
        Assert.True(left.Task.IsCompleted);
    }

    [Fact]
    public async Task Worker_FailsAsAnotherWorkflowIsStuck_IsAFailure()
    {
        _scripts.Workers["bad"] = (_, _) => throw new WorkflowStuckException("another one");
        _scripts.Workflows["w"] = async workflow => await workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "bad"));
        await using ScriptHost host = new(_scripts);
        ExceptionGroup failures = await Guard.Throws<ExceptionGroup>(() => host.RunAsync("w", "w"));
        Assert.True(failures.Contains<WorkflowStuckException>());
    }

    [Fact]
    public async Task Resume_LimitRaised_RejectedChildStaysRejected()
    {
        MemoryJournal journal = new();
        TaskCompletionSource running = Guard.Signal();
        _scripts.Workers["wait"] = async (_, token) =>
        {
            running.TrySetResult();
            await Guard.Forever(token);
            return "";
        };
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group =>
        {
            ChildTask<string> big = group.Start(Run.Worker<ScriptedWorker>(), new string('x', 100), new() { Isolated = true });
            await big.OutcomeAsync();
            return await group.Start(Run.Worker<ScriptedWorker>(), "wait");
        });
        await using (ScriptHost first = new(_scripts, journal, new SheafOptions { MaxPayloadBytes = 50 }))
        {
            await first.StartAsync("w", "w");
            await running.Task.Within("the worker's start");
        }

        _scripts.Workers["wait"] = (_, _) => Task.FromResult("ok");
        await using ScriptHost second = new(_scripts, journal);
        Assert.Equal("ok", await second.Client.ResultAsync<string>("w").Within("the workflow's end"));
    }

    [Fact]
    public async Task Resume_NameCutInsideASurrogatePair_RepeatsItself()
    {
        MemoryJournal journal = new();
        TaskCompletionSource running = Guard.Signal();
        _scripts.Workers["wait"] = async (_, token) =>
        {
            running.TrySetResult();
            await Guard.Forever(token);
            return "";
        };
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start("ask 😀"[..5], Run.Worker<ScriptedWorker>(), "wait"));
        await using (ScriptHost first = new(_scripts, journal))
        {
            await first.StartAsync("w", "w");
            await running.Task.Within("the worker's start");
        }

        _scripts.Workers["wait"] = (_, _) => Task.FromResult("ok");
        await using ScriptHost second = new(_scripts, journal);
        Assert.Equal("ok", await second.Client.ResultAsync<string>("w").Within("the workflow's end"));
    }

    [Fact]
    public async Task Journal_CommitAndReadFailOnce_WorkflowGoesOn()
    {
        HookedJournal journal = new();
        _scripts.Workers["ok"] = (_, _) => Task.FromResult("ok");
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "ok"));
        int failures = 0;
        journal.BeforeAppend = _ => Interlocked.Increment(ref failures) == 1 ? throw new IOException("disk") : Task.CompletedTask;
        journal.BeforeRead = () =>
        {
            if (failures == 1 && Interlocked.Increment(ref failures) == 2) throw new IOException("disk");
        };
        await using ScriptHost host = new(_scripts, journal);
        Assert.Equal("ok", await host.RunAsync("w", "w").Within("the workflow's end"));
    }

    [Fact]
    public async Task Journal_ClaimFailsAtStart_NextCallTriesAgain()
    {
        HookedJournal journal = new();
        _scripts.Workflows["w"] = _ => Task.FromResult("ok");
        int calls = 0;
        journal.BeforeClaims = () =>
        {
            if (Interlocked.Increment(ref calls) == 1) throw new IOException("disk");
        };
        await using ScriptHost host = new(_scripts, journal);
        await Assert.ThrowsAsync<IOException>(() => host.RunAsync("w", "w").Within("the first call"));
        Assert.Equal("ok", await host.RunAsync("w", "w").Within("the workflow's end"));
    }

    [Fact]
    public async Task Scheduler_ThreadMakesNoDifference()
    {
        IReadOnlyList<string> onPool = await Task.Run(Commands);
        IReadOnlyList<string> onThread = [];
        Thread thread = new(() => onThread = Commands());
        thread.Start();
        thread.Join();
        Assert.Equal(onPool, onThread);

        static IReadOnlyList<string> Commands()
        {
            WorkflowRun run = new("w", Code, Payloads.Default, null);
            run.Turn(new WorkflowStarted(DateTimeOffset.UnixEpoch));
            IReadOnlyList<JournalEntry> turn = run.Turn(new CancelRequested(DateTimeOffset.UnixEpoch, null, null));
            return [.. turn.OfType<JournalCommand>().Select(command => command.Describe())];
        }

        static async Task<string?> Code(WorkflowContext workflow)
        {
            await workflow.GroupAsync("shielded", async group =>
            {
                TaskCompletionSource cancelled = new();
                workflow.CancellationToken.Register(() => group.Step("callback", _ => Task.CompletedTask));
                workflow.CancellationToken.Register(() => cancelled.SetResult());
                await cancelled.Task;
                await group.Step("body", _ => Task.CompletedTask);
            }, new() { Shield = TimeSpan.FromSeconds(5) });
            return null;
        }
    }

    [Fact]
    public async Task Journal_ManyLargeValues_CommitsStayBounded()
    {
        HookedJournal journal = new();
        string large = new('x', 1024 * 1024);
        TaskCompletionSource all = Guard.Signal();
        int running = 0;
        long longest = 0;
        journal.BeforeAppend = commits =>
        {
            longest = Math.Max(longest, commits.Max(commit => (long)commit.Body.Length));
            return Task.CompletedTask;
        };
        _scripts.Workers["large"] = async (_, _) =>
        {
            if (Interlocked.Increment(ref running) == 100) all.SetResult();
            await all.Task;
            return large;
        };
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", group =>
        {
            for (int i = 0; i < 100; i++) _ = group.Start(Run.Worker<ScriptedWorker>(), "large");
            return Task.FromResult("ok");
        });
        await using ScriptHost host = new(_scripts, journal);
        Assert.Equal("ok", await host.RunAsync("w", "w").Within("the workflow's end"));
        Assert.InRange(longest, 1024 * 1024, 20L * 1024 * 1024);
    }

    [Fact]
    public async Task Watch_WorkerSpawns_SiblingStartsBeforeItEnds()
    {
        _scripts.Workers["parent"] = async (context, _) =>
        {
            await context.SpawnAsync("sibling", Run.Worker<ScriptedWorker>(), "ok");
            return "";
        };
        _scripts.Workers["ok"] = (_, _) => Task.FromResult("ok");
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start("parent", Run.Worker<ScriptedWorker>(), "parent"));
        await using ScriptHost host = new(_scripts);
        await host.RunAsync("w", "w").Within("the workflow's end");
        List<string> events = [];
        await foreach (WorkflowEvent @event in host.Client.WatchAsync("w")) events.Add($"{@event.PathText} {@event.Kind}");
        Assert.Contains("g/sibling ChildStarted", events);
    }

    [Fact]
    public async Task Watch_FirstCallToAResumingHost_SeesTheEnd()
    {
        MemoryJournal journal = new();
        await using (ScriptHost first = Waiting(journal, out Task running))
        {
            await first.StartAsync("w", "wait");
            await running.Within("the worker's start");
        }

        _scripts.Workers["wait"] = (_, _) => Task.FromResult("ok");
        await using ScriptHost second = new(_scripts, journal);
        Assert.Equal(WorkflowEventKind.WorkflowEnded, await Last().Within("the watching's end"));

        async Task<WorkflowEventKind> Last()
        {
            WorkflowEventKind last = default;
            await foreach (WorkflowEvent @event in second.Client.WatchAsync("w")) last = @event.Kind;
            return last;
        }
    }

    [Fact]
    public async Task Lost_WorkersAreSignalled()
    {
        MemoryJournal journal = new();
        TaskCompletionSource running = Guard.Signal();
        TaskCompletionSource signalled = Guard.Signal();
        _scripts.Workers["wait"] = async (context, token) =>
        {
            if (context.FencingToken > 1) return "ok";
            running.SetResult();
            using CancellationTokenRegistration registration = token.Register(signalled.SetResult);
            await Guard.Forever(token);
            return "";
        };
        _scripts.Workflows["wait"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "wait"));
        await using ScriptHost first = new(_scripts, journal);
        await first.StartAsync("w", "wait");
        await running.Task.Within("the worker's start");
        await using ScriptHost second = new(_scripts, journal);
        Assert.Equal("ok", await second.Client.ResultAsync<string>("w").Within("the second host's end"));
        await first.Client.CancelAsync("w").ContinueWith(_ => { }, TaskScheduler.Default).Within("the first host's finding out");
        await signalled.Task.Within("the orphan's signal");
    }

    [Fact]
    public async Task Cancel_CallbackThrows_IsAttachedToTheChild()
    {
        TaskCompletionSource running = Guard.Signal();
        _scripts.Workers["bad"] = async (_, token) =>
        {
            using CancellationTokenRegistration registration = token.Register(() => throw new FormatException("callback"));
            running.SetResult();
            await Guard.Forever(token);
            return "";
        };
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "bad"));
        await using ScriptHost host = new(_scripts);
        await host.StartAsync("w", "w");
        await running.Task.Within("the worker's start");
        await host.Client.CancelAsync("w");
        ExceptionGroup failures = await Guard.Throws<ExceptionGroup>(() => host.Client.ResultAsync<string>("w"));
        Assert.True(failures.Contains<FormatException>());
    }

    [Fact]
    public void WorkflowId_HalfASurrogatePair_IsRefused() => Assert.Throws<ArgumentException>(() => new WorkflowId("ask 😀"[..5]));

    [Fact]
    public async Task Journal_ManyCommitsOfUnknownFate_LoseNoDelivery()
    {
        HookedJournal journal = new();
        int failures = 0;
        journal.AfterAppend = _ => Interlocked.Increment(ref failures) <= 6 ? throw new IOException("disk") : Task.CompletedTask;
        _scripts.Workers["ok"] = (context, _) => Task.FromResult("ok");
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "ok"));
        await using ScriptHost host = new(_scripts, journal);
        Assert.Equal("ok", await host.RunAsync("w", "w").Within("the workflow's end"));
    }

    private ScriptHost Waiting(IJournal journal, out Task running)
    {
        TaskCompletionSource started = Guard.Signal();
        running = started.Task;
        _scripts.Workers["wait"] = async (_, token) =>
        {
            started.TrySetResult();
            await Guard.Forever(token);
            return "";
        };
        _scripts.Workflows["wait"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "wait"));
        return new ScriptHost(_scripts, journal);
    }
}
