namespace Sheaf.Conformance;

/// <summary>D11: the code of a checkpoint that has ended is not run again.</summary>
[Needs(Capabilities.Durable)]
public abstract class CheckpointConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly Func<SheafBuilder, SheafBuilder> AddStages = sheaf => sheaf.AddWorkflow<StagesWorkflow>();

    [Theory]
    [Trait("Rule", "D11")]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task Checkpoint_HasEndedWhenItsOwnerIsLost_IsNotRunAgain(bool isCheckpoint, int bodies)
    {
        HostProcess first = await StartAsync(configure: AddStages);
        await first.Client.StartAsync(Run.Workflow<StagesWorkflow>(), Stage.Id, new Stages(Stage.Id, isCheckpoint, new Succeed("2")));
        await Stage.ReachedAsync("after:started");
        await EndAsync(first);
        Stage.Open("go");
        HostProcess second = await StartAsync(configure: AddStages);
        Assert.Equal("sum 2,2 at the end", await ResultAsync(second));
        Assert.Equal(bodies, Stage.CountOf("body"));
        Assert.Equal(1, Stage.CountOf("part:started"));
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
    }

    [Fact]
    [Trait("Rule", "D11")]
    [Trait("Rule", "E6")]
    public async Task Checkpoint_Fails_IsTheSameFailureBeforeAndAfterAResume()
    {
        HostProcess first = await StartAsync(configure: AddStages);
        await first.Client.StartAsync(Run.Workflow<StagesWorkflow>(), Stage.Id, new Stages(Stage.Id, true, new Fail(new Error(ErrorType.User, "unknown to anybody"))));
        await Stage.ReachedAsync("after:started");
        await EndAsync(first);
        Stage.Open("go");
        HostProcess second = await StartAsync(configure: AddStages);
        string result = await ResultAsync(second);
        Assert.Equal("failed RemoteException unknown to anybody at the end", result);
        // The first run saw what the second sees.
        Assert.Equal(["RemoteException", "RemoteException"], Stage.Events.Where(seen => seen.StartsWith("saw ", StringComparison.Ordinal)).Select(seen => seen[4..]));
    }

    [Fact]
    [Trait("Rule", "D10")]
    public async Task Checkpoint_ItsValueCannotBeJournaled_Fails()
    {
        HostProcess process = await StartAsync(configure: sheaf => AddStages(sheaf).UseOptions(new SheafOptions { MaxPayloadBytes = 1000 }));
        Task<string> result = process.Client.RunAsync(Run.Workflow<StagesWorkflow>(), Stage.Id, new Stages(Stage.Id, true, new Big(900)));
        Stage.Open("go");
        Assert.StartsWith("failed PayloadTooLargeException The value of group 'stage'", await Stage.GuardAsync(result, "the result"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task Checkpoint_IsOpen_ChanceIsRefused()
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<DrawsInsideWorkflow>());
        Assert.Equal("drew refused drew", await Stage.GuardAsync(process.Client.RunAsync(Run.Workflow<DrawsInsideWorkflow>(), Stage.Id, ""), "the result"));
    }
}

public sealed record Stages(string Stage, bool IsCheckpoint, Act Part);

/// <summary>Two parts in a stage that may be a checkpoint; then a worker at a gate.</summary>
[Workflow("stages/v1")]
public sealed class StagesWorkflow : Workflow<Stages, string>
{
    public override async Task<string> RunAsync(Stages input, WorkflowContext workflow)
    {
        Stage stage = Stage.Of(input.Stage);
        string text;
        try
        {
            string sum = await workflow.GroupAsync("stage", async group =>
            {
                stage.Log("body");
                string first = await group.Start("part", Run.Worker<PlanWorker>(), new PlanWork(input.Stage, "part", input.Part));
                string both = await group.GroupAsync("inner", async inner => $"{first},{await inner.Start("other", Run.Worker<PlanWorker>(), new PlanWork(input.Stage, "other", input.Part))}");
                // Asked in the turn that ends the stage: when that is not run again, nobody asks.
                return workflow.Changed("in the stage") ? both : "old";
            }, new() { Checkpoint = input.IsCheckpoint });
            text = $"sum {sum}";
        }
        catch (ExceptionGroup failures)
        {
            Exception error = failures.Leaves.First().Exception;
            stage.Log($"saw {error.GetType().Name}");
            text = $"failed {error.GetType().Name} {error.Message}";
        }

        await workflow.GroupAsync("last", async group => await group.Start("after", Run.Worker<PlanWorker>(), new PlanWork(input.Stage, "after", new AtGate("go"))));
        return $"{text} at the end";
    }
}

[Workflow("draws-inside/v1")]
public sealed class DrawsInsideWorkflow : Workflow<string, string>
{
    public override async Task<string> RunAsync(string input, WorkflowContext workflow)
    {
        string before = Draw(workflow);
        string inside = await workflow.GroupAsync("open", _ => Task.FromResult(Draw(workflow)), new() { Checkpoint = true });
        return $"{before} {inside} {Draw(workflow)}";
    }

    private static string Draw(WorkflowContext workflow)
    {
        try
        {
            _ = workflow.NewGuid();
            _ = workflow.Random.Next();
            return "drew";
        }
        catch (InvalidOperationException)
        {
            return "refused";
        }
    }
}
