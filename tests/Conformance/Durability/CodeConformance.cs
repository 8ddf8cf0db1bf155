using Microsoft.Extensions.DependencyInjection;

namespace Sheaf.Conformance;

/// <summary>D3: code that leaves its turns, or differs from its journal, stops as stuck, and loses nothing.</summary>
[Needs(Capabilities.Durable)]
public abstract class CodeConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    [Theory]
    [Trait("Rule", "D3")]
    [InlineData(MisusingWorkflow.TaskRun, "child 'one'")]
    [InlineData(MisusingWorkflow.OffTurn, "child 'one'")]
    public async Task Code_LeavesItsTurn_IsStuckAndNamesThePlace(string how, string place)
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<MisusingWorkflow>());
        await process.Client.StartAsync(Run.Workflow<MisusingWorkflow>(), Stage.Id, new Misuse(Stage.Id, how));
        await AssertStuckAsync(process, place);
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Code_AwaitsSomethingForeign_IsStuckOnceThatEndsAndNamesThePlace()
    {
        HostProcess process = await MisuseAsync(MisusingWorkflow.Foreign);
        Stage.Open("answer");
        await AssertStuckAsync(process, "MisusingWorkflow.AskSomebodyAsync");
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Code_AwaitsAForeignDelay_IsStuckOnceThatEndsAndNamesThePlace()
    {
        HostProcess process = await MisuseAsync(MisusingWorkflow.Delay);
        Stage.Foreign.Advance(TimeSpan.FromMinutes(1));
        await AssertStuckAsync(process, "MisusingWorkflow.RunAsync");
    }

    /// <summary>Starts a workflow in a process that ends once its child has begun.</summary>
    private async Task LeaveAsync<TWorkflow>(string reached)
        where TWorkflow : Workflow<string, string>
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<TWorkflow>());
        await process.Client.StartAsync(Run.Workflow<TWorkflow>(), Stage.Id, Stage.Id);
        await Stage.ReachedAsync(reached);
        await EndAsync(process);
    }

    /// <summary>Starts the misuse and returns when the code waits for what is not the workflow's own.</summary>
    private async Task<HostProcess> MisuseAsync(string how)
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<MisusingWorkflow>());
        await process.Client.StartAsync(Run.Workflow<MisusingWorkflow>(), Stage.Id, new Misuse(Stage.Id, how));
        // Its turn is over once it is journaled: an answer that were there before the await would not be foreign to it.
        await foreach (WorkflowEvent happened in process.Client.WatchAsync(Stage.Id))
        {
            if (happened.Kind == WorkflowEventKind.ChildEnded) break;
        }

        return process;
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Code_CannotBeMade_IsStuckUntilMendedAndRetried()
    {
        HostProcess process = await StartAsync(configure: sheaf =>
        {
            sheaf.Services.AddSingleton<Func<bool>>(() => Stage.CountOf("mended") > 0);
            return sheaf.AddWorkflow<BrokenWorkflow>();
        });
        await process.Client.StartAsync(Run.Workflow<BrokenWorkflow>(), Stage.Id, "");
        await AssertStuckAsync(process, "not mended yet");
        Assert.True(await process.Client.RetryAsync(Stage.Id));
        await AssertStuckAsync(process, "not mended yet");
        Stage.Log("mended");
        Assert.True(await process.Client.RetryAsync(Stage.Id));
        Assert.Equal("mended", await ResultAsync(process));
        Assert.False(await process.Client.RetryAsync(Stage.Id));
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Code_DoesSomethingElseThanJournaled_IsStuckUntilItIsBroughtBack()
    {
        await LeaveAsync<Changing.Before>("one:started");

        HostProcess after = await StartAsync(configure: sheaf => sheaf.AddWorkflow<Changing.After>());
        string message = await AssertStuckAsync<NonDeterministicWorkflowException>(after);
        Assert.Contains("'one'", message, StringComparison.Ordinal);
        Assert.Contains("'two'", message, StringComparison.Ordinal);
        await EndAsync(after);

        HostProcess less = await StartAsync(configure: sheaf => sheaf.AddWorkflow<Changing.DoesLess>());
        Assert.Contains("'one'", await AssertStuckAsync<NonDeterministicWorkflowException>(less), StringComparison.Ordinal);
        await EndAsync(less);

        Stage.Open("open");
        HostProcess back = await StartAsync(configure: sheaf => sheaf.AddWorkflow<Changing.Before>());
        Assert.Equal("before 1", await ResultAsync(back));
        Assert.DoesNotContain("two:started", Stage.Events);
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Changed_WorkflowOfTheOldCode_GoesTheOldWay()
    {
        await LeaveAsync<Changing.Before>("one:started");
        Stage.Open("open");
        HostProcess after = await StartAsync(configure: sheaf => sheaf.AddWorkflow<Changing.AfterWithCare>());
        // What it has not passed yet it passes the new way.
        Assert.Equal("same 1 True", await ResultAsync(after));
        Assert.DoesNotContain("two:started", Stage.Events);
    }

    [Theory]
    [Trait("Rule", "D3")]
    [InlineData(false, "same 2 True")]
    [InlineData(true, "new only 2")]
    public async Task Changed_WorkflowOfTheNewCode_GoesTheNewWayAlsoWhenItResumesAndWhenTheQuestionIsGone(bool questionIsGone, string expected)
    {
        await LeaveAsync<Changing.AfterWithCare>("two:started");
        Stage.Open("open");
        HostProcess second = await StartAsync(configure: sheaf => questionIsGone ? sheaf.AddWorkflow<Changing.NewOnly>() : sheaf.AddWorkflow<Changing.AfterWithCare>());
        Assert.Equal(expected, await ResultAsync(second));
        Assert.DoesNotContain("one:started", Stage.Events);
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Code_IsNotRegisteredAnyMore_IsStuckUntilItIs()
    {
        await LeaveAsync<Changing.Before>("one:started");
        HostProcess without = await StartAsync();
        await AssertStuckAsync(without, "changing/v1");
        await EndAsync(without);
        Stage.Open("open");
        HostProcess back = await StartAsync(configure: sheaf => sheaf.AddWorkflow<Changing.Before>());
        Assert.Equal("before 1", await ResultAsync(back));
    }

    private async Task AssertStuckAsync(HostProcess process, string place) =>
        Assert.Contains(place, await AssertStuckAsync<WorkflowStuckException>(process), StringComparison.Ordinal);

    private async Task<string> AssertStuckAsync<TException>(HostProcess process)
        where TException : WorkflowStuckException
    {
        TException stuck = await Assert.ThrowsAsync<TException>(() => ResultAsync(process));
        WorkflowDescription description = (await process.Client.DescribeAsync(Stage.Id))!;
        Assert.Equal((WorkflowStatus.Stuck, stuck.Message), (description.Status, description.StuckReason));
        List<WorkflowSummary> listed = [];
        await foreach (WorkflowSummary summary in process.Client.ListAsync(WorkflowStatus.Stuck)) listed.Add(summary);
        Assert.Equal(Stage.Id, Assert.Single(listed).Id.Value);
        return stuck.Message;
    }
}
