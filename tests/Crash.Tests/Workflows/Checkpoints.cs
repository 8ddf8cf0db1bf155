namespace Sheaf.Crash.Tests.Workflows;

/// <summary>
/// Stages that are checkpoints: one with every kind of child and another inside it, beside one that waits longer; one that fails, one
/// that cancels itself, one whose time is up, and one that takes what failed outside of it. Numbers and changes are asked for between them.
/// </summary>
[Workflow("checkpoints/v1")]
public sealed class Checkpoints : Workflow<string, string>
{
    private static readonly WorkflowGroupOptions Checkpoint = new() { Checkpoint = true };

    public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("stages", async group =>
    {
        ChildTask<string> isolated = group.Start("isolated", Run.Worker<Fail>(), "in vain", new() { Isolated = true });
        ChildTask<string> long1 = group.GroupAsync("long", async stage => $"{workflow.Changed("long")} {await stage.Start("takes", Run.Worker<TakeHours>(), 30)}", Checkpoint);
        // Until both have begun and one has failed: how the commits of workflows that run at once share their writes is a matter of chance.
        await group.DelayAsync(TimeSpan.FromMinutes(1));
        string first = await group.GroupAsync("first", stage => FirstAsync(stage, workflow, input), Checkpoint);
        Guid id = workflow.NewGuid();
        string taken = await group.GroupAsync("takes", async _ => $"{(await isolated.OutcomeAsync()).Kind}", Checkpoint);
        string failed = await EndAsync(group.GroupAsync("fails", async stage => await stage.Start("fails", Run.Worker<Fail>(), input), Checkpoint));
        string cancelled = await EndAsync(group.GroupAsync("cancels itself", async stage =>
        {
            ChildTask<string> waits = stage.Start("waits", Run.Worker<WaitForCancellation>(), input);
            await stage.DelayAsync(TimeSpan.FromMinutes(1));
            stage.Cancel("enough");
            return await waits;
        }, Checkpoint));
        string late = await EndAsync(group.GroupAsync("late", async stage => await stage.WaitForAsync<string>("never sent"), new() { Checkpoint = true, Deadline = TimeSpan.FromHours(1) }));
        return $"{first}; {taken}; {failed}; {cancelled}; {late}; {id}; {workflow.Changed("end")}; {await long1}; {workflow.Random.Next(1000)}";
    });

    private static async Task<string> FirstAsync(WorkflowGroup stage, WorkflowContext workflow, string input)
    {
        ChildTask<string> branch = stage.Branch("branch", async context =>
        {
            await context.DelayAsync(TimeSpan.FromHours(1));
            return await context.GroupAsync("inside", async inside => await inside.Start("retried", Run.Worker<FailUntil>(), 2, new() { Retry = new() { MaxAttempts = 2 } }), Checkpoint);
        });
        string stepped = await stage.Step("step", _ => Task.FromResult(input + " stepped"));
        string nested = await stage.Start("nested", Run.Workflow<Window>(), 1);
        string approved = await stage.WaitForAsync<string>("approval");
        return $"{stepped}, {nested}, {approved}, {workflow.Changed("inside")}, {await branch}";
    }

    private static async Task<string> EndAsync(ChildTask<string> stage)
    {
        try
        {
            return await stage;
        }
        catch (GroupCancelledException cancelled)
        {
            return $"{cancelled.Cause.Reason} with {cancelled.Outcomes.Count}";
        }
        catch (ExceptionGroup failures)
        {
            return failures.Leaves.First().Exception.GetType().Name;
        }
        catch (DeadlineExceededException)
        {
            return "too late";
        }
    }
}
