namespace Sheaf.Crash.Tests.Workflows;

/// <summary>Every kind of child, with waits, a retry, spawned siblings and a group that cancels itself; succeeds.</summary>
[Workflow("every-kind/v1")]
public sealed class EveryKind : Workflow<string, string>
{
    public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("größe 🌾", async group =>
    {
        ChildTask<string> left = group.Branch("left", async branch =>
        {
            string stepped = await branch.Step("step", _ => Task.FromResult(input + " stepped"));
            await branch.DelayAsync(TimeSpan.FromDays(2));
            return stepped;
        });
        ChildTask<string> right = group.Branch("right", async branch => await branch.GroupAsync("inner", async inner =>
        {
            ChildTask<string> retried = inner.Start("retried", Run.Worker<FailUntil>(), 3, new() { Retry = new() { MaxAttempts = 3 } });
            ChildTask<string> spawning = inner.Start("spawning", Run.Worker<SpawnSiblings>(), "sibling");
            return $"{await retried} {await spawning}";
        }));
        string approved = await group.WaitForAsync<string>("approval");
        await group.GroupAsync("given up", inner =>
        {
            _ = inner.Start("waits", Run.Worker<WaitForCancellation>(), "x");
            inner.Cancel("enough of it");
            return Task.CompletedTask;
        });
        return $"{approved}; {await left}; {await right}; {workflow.NewGuid()}; {workflow.Random.Next(1000)}; {workflow.UtcNow:u}";
    });
}

/// <summary>Fails with a tree: groups in groups, failures of workers, steps, branches and bodies.</summary>
[Workflow("failing-tree/v1")]
public sealed class FailingTree : Workflow<string, int>
{
    public override Task<int> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("all", async group =>
    {
        _ = group.Start("worker", Run.Worker<Fail>(), "Übel: " + input);
        _ = group.Step("step", _ => Task.FromException(new InvalidOperationException("the step", new IOException("inside it"))));
        _ = group.Branch("branch", async branch => await branch.GroupAsync("deeper", async deeper =>
        {
            _ = deeper.Start("a", Run.Worker<Fail>(), "a");
            _ = deeper.Start("b", Run.Worker<FailUntil>(), 5, new() { Retry = new() { MaxAttempts = 2 } });
            await deeper.DelayAsync(TimeSpan.FromMinutes(1));
        }, new() { Policy = GroupPolicy.CollectAll }));
        await group.DelayAsync(TimeSpan.FromHours(1));
        return await group.Start("last", Run.Worker<Fail>(), "last") == "x" ? 1 : 0;
    }, new() { Policy = GroupPolicy.CollectAll });
}

/// <summary>A deadline ends what never would, and a group that moves on keeps what it has.</summary>
[Workflow("time-is-up/v1")]
public sealed class TimeIsUp : Workflow<string, string>
{
    public override async Task<string> RunAsync(string input, WorkflowContext workflow)
    {
        string kept = "";
        await workflow.GroupAsync("moves on", async group =>
        {
            ChildTask<string> quick = group.Start("quick", Run.Worker<TakeHours>(), 1);
            ChildTask<string> slow = group.Start("slow", Run.Worker<WaitForCancellation>(), "slow");
            kept = await quick;
            await slow;
        }, new() { MoveOnAfter = TimeSpan.FromHours(3) });
        await workflow.GroupAsync("deadline", async group =>
        {
            _ = group.Start("never", Run.Worker<WaitForCancellation>(), "never");
            await group.WaitForAsync<string>("never sent");
        }, new() { Deadline = TimeSpan.FromHours(5) });
        return kept;
    }
}

/// <summary>The first failure cancels siblings that only their cancellation ends.</summary>
[Workflow("fail-fast/v1")]
public sealed class FailFast : Workflow<string, string>
{
    public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("tools", async group =>
    {
        ChildTask<string> waits = group.Start("waits", Run.Worker<WaitForCancellation>(), input);
        _ = group.GroupAsync("nested", async nested => await nested.Start("waits too", Run.Worker<WaitForCancellation>(), input));
        _ = group.Branch("fails later", async branch =>
        {
            await branch.DelayAsync(TimeSpan.FromMinutes(5));
            await branch.GroupAsync("failing", async failing => await failing.Start("fails", Run.Worker<Fail>(), "the first"));
        });
        return await waits;
    });
}

/// <summary>Is cancelled from outside, and undoes what it did under a shield.</summary>
[Workflow("compensates/v1")]
public sealed class Compensates : Workflow<string, string>
{
    public override async Task<string> RunAsync(string input, WorkflowContext workflow)
    {
        await workflow.Step("book", _ => Task.CompletedTask);
        try
        {
            return await workflow.GroupAsync("working", async group =>
            {
                await group.GroupAsync("shielded", async shielded => await shielded.Start("must end", Run.Worker<WaitForCancellation>(), "x"), new() { Shield = TimeSpan.FromMinutes(30) });
                return await group.Start("waits", Run.Worker<WaitForCancellation>(), input);
            });
        }
        catch (OperationCanceledException)
        {
            await workflow.GroupAsync("undo", async undo => await undo.Start("release", Run.Worker<TakeHours>(), 1), new() { Shield = TimeSpan.FromDays(1) });
            throw;
        }
    }
}

/// <summary>More children than places, some of them isolated failures, one of an input that is refused; awaits all.</summary>
[Workflow("window/v1")]
public sealed class Window : Workflow<int, string>
{
    public override Task<string> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("window", async group =>
    {
        List<ChildTask<string>> children = [];
        for (int i = 0; i < input; i++)
        {
            children.Add(i % 3 == 0
                ? group.Start($"fails {i}", Run.Worker<Fail>(), $"isolated {i}", new() { Isolated = true })
                : group.Start($"takes {i}", Run.Worker<TakeHours>(), i));
        }

        children.Add(group.Start("too large", Run.Worker<Echo>(), new string('x', 5000), new() { Isolated = true }));
        string all = "";
        foreach (ChildTask<string> child in children)
        {
            Outcome<string> outcome = await child.OutcomeAsync();
            all += $"{child.Name} {outcome.Kind}; ";
        }

        return all;
    }, new() { MaxConcurrency = 2 });
}

/// <summary>Has workflows of its own as children: one that succeeds, one that fails, one that is cancelled because it takes too long.</summary>
[Workflow("nests/v1")]
public sealed class Nests : Workflow<string, string>
{
    public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("nesting", async group =>
    {
        // One after the other: how the commits of workflows that run at once share their writes is a matter of chance.
        string window = await group.Start("window", Run.Workflow<Window>(), 4);
        Outcome<string> failed = await group.Start("fails", Run.Workflow<FailFast>(), input, new() { Isolated = true }).OutcomeAsync();
        await group.GroupAsync("impatient", async nested => { await nested.Start("waits", Run.Workflow<WaitsForNothing>(), input); }, new() { MoveOnAfter = TimeSpan.FromHours(1) });
        return $"{window} {failed.Kind} {workflow.Changed("second-window")} {await group.Start("second", Run.Workflow<Window>(), 1)}";
    });
}

/// <summary>Has one of each that is in the way of an end: a shield, a workflow of its own, and waits.</summary>
[Workflow("goes-on/v1")]
public sealed class GoesOn : Workflow<string, string>
{
    public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("all", async group =>
    {
        _ = group.Start("heeds", Run.Worker<WaitForCancellation>(), input);
        _ = group.GroupAsync("shielded", async shielded => await shielded.Start("held", Run.Worker<WaitForCancellation>(), input), new() { Shield = TimeSpan.FromDays(1) });
        _ = group.Start("nested", Run.Workflow<WaitsForNothing>(), input);
        _ = group.Start("fails", Run.Worker<Fail>(), input, new() { Isolated = true });
        await group.DelayAsync(TimeSpan.FromHours(10));
        return await group.WaitForAsync<string>("never");
    });
}

/// <summary>Waits for a signal that never comes.</summary>
[Workflow("waits-for-nothing/v1")]
public sealed class WaitsForNothing : Workflow<string, string>
{
    public override async Task<string> RunAsync(string input, WorkflowContext workflow) => await workflow.WaitForAsync<string>(input);
}

/// <summary>Three runs, each with a worker, a step and a delay; a signal that comes in the first is taken in the last.</summary>
[Workflow("continues/v1")]
public sealed class Continues : Workflow<int, string>
{
    public override async Task<string> RunAsync(int input, WorkflowContext workflow)
    {
        string echo = await workflow.GroupAsync("run", async group => await group.Start("echo", Run.Worker<Echo>(), $"run {input}"));
        await workflow.Step("note", _ => Task.CompletedTask);
        await workflow.DelayAsync(TimeSpan.FromMinutes(1));
        if (input < 2) return await ContinueAsNewAsync(input + 1, workflow);
        return $"{echo}, {await workflow.WaitForAsync<string>("item")}, {workflow.NewGuid()}";
    }
}

/// <summary>Uses what a child is ready with, beside one that never gets ready; where the one is lost, begins anew.</summary>
[Workflow("readies/v1")]
public sealed class Readies : Workflow<string, string>
{
    public override async Task<string> RunAsync(string input, WorkflowContext workflow)
    {
        while (true)
        {
            string used = "";
            try
            {
                await workflow.GroupAsync("uses", async group =>
                {
                    RetryPolicy retry = new() { InitialDelay = TimeSpan.FromMinutes(1), Jitter = 0 };
                    ChildStart<string, string> start = group.StartAsync(Run.Worker<Serve>(), input, new() { Retry = retry });
                    ChildStart<string, string> never = group.StartAsync("never", Run.Worker<NeverReady>(), input);
                    string error = await group.GroupAsync("looks", async _ => await FailureOfAsync(never), new() { Checkpoint = true });
                    used = $"{await group.Start(Run.Worker<Echo>(), await start)}; {error}";
                    group.Cancel("used");
                });
                return used;
            }
            catch (ExceptionGroup failures) when (failures.Contains<WorkerLostException>())
            {
                await workflow.Step("clean up", _ => Task.CompletedTask);
            }
        }
    }

    private static async Task<string> FailureOfAsync(ChildStart<string, string> start)
    {
        try
        {
            return await start;
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
    }
}

/// <summary>A map over pages, with a failure in each but the last.</summary>
[Workflow("pages/v1")]
public sealed class Pages : Workflow<int, string>
{
    public override Task<string> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("all", async group =>
    {
        PagedMapSummary summary = await group.MapPagesAsync("map", Run.Worker<ReadPage>(), input, Run.Worker<DoubleEven>(), new() { Policy = GroupPolicy.Settle, InputsPerChild = 2 });
        return $"{summary.Pages} pages, {summary.Succeeded} succeeded, {summary.Failed} failed: {string.Join(", ", summary.Failures!.Leaves.Select(leaf => leaf.Exception.Message))}";
    });
}
