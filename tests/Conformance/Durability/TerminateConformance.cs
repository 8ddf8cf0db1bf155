using Microsoft.Extensions.DependencyInjection;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Conformance;

/// <summary>Workflows that are ended without their code: also where that is stuck, and with all that they have started (R1).</summary>
[Needs(Capabilities.Durable)]
public abstract class TerminateConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private WorkflowId ChildId => $"{Stage.Id}/1.0";

    [Fact]
    [Trait("Rule", "R1")]
    [Trait("Rule", "C1")]
    public async Task Terminate_WhileItRuns_EndsWhatItStartedAndRunsNoMoreOfItsCode()
    {
        HostProcess process = await StartAsync();
        GroupPlan shielded = new("shielded", new Start("held", new WaitForCancel()), new TryAwait("held"), new Note("cleaned up")) { Shield = Seconds(600) };
        await BeginAsync(process, new("g", new Start("a", new WaitForCancel()), new Start("b", new Fail(Bad("first"))) { Isolated = true }, new Nest(shielded), new TryAwait("a"), new Note("went on"), new Await("shielded")));
        await Stage.ReachedAsync("a:started");
        await Stage.ReachedAsync("held:started");

        Assert.True(await process.Client.TerminateAsync(Stage.Id, "not worth mending"));
        await AssertTerminatedAsync(process, Stage.Id, "not worth mending");
        Assert.Equal((CancellationCauseKind.Requested, "not worth mending"), (Stage.Causes["a"].Root.Kind, Stage.Causes["a"].Root.Reason));
        Assert.Equal(1, Stage.CountOf("held:cancelled"));
        Assert.Equal(0, Stage.Running);
        Assert.DoesNotContain("went on", Stage.Events);
        Assert.DoesNotContain("cleaned up", Stage.Events);
        ChildDescription group = (await process.Client.DescribeAsync(Stage.Id))!.Children[0];
        Assert.Equal([OutcomeKind.Cancelled, OutcomeKind.Failed, OutcomeKind.Cancelled], group.Children.Select(child => child.Outcome));
        // As a call whose answer was lost does.
        Assert.True(await process.Client.TerminateAsync(Stage.Id, "again"));
        await AssertOneOutcomeAChildAsync(process, Stage.Id);
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Terminate_OneThatHasEndedOrIsNotThere_SaysSo()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new Succeed()), new Await("a")));
        Assert.Equal("ok", await ResultAsync(process));
        Assert.False(await process.Client.TerminateAsync(Stage.Id));
        Assert.False(await process.Client.TerminateAsync("nobody"));
        Assert.Equal(WorkflowStatus.Succeeded, (await process.Client.DescribeAsync(Stage.Id))!.Status);
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Terminate_StuckWhileAWorkerRuns_CancelsIt()
    {
        HostProcess process = await StartStuckBesideWorkAsync();
        Assert.True(await process.Client.TerminateAsync(Stage.Id, "gone for good"));
        await AssertTerminatedAsync(process, Stage.Id, "gone for good");
        Assert.Equal(1, Stage.CountOf("work:cancelled"));
        Assert.Equal(0, Stage.Running);
    }

    [Fact]
    [Trait("Rule", "D3")]
    [Trait("Rule", "R9")]
    public async Task Terminate_AWorkerIgnoresIt_IsGivenUpAfterAWhileWhateverItsGroupGrants()
    {
        HostProcess process = await StartAsync();
        await BeginAsync(process, new("g", new Start("a", new AtGate("late", IgnoresCancel: true)), new Await("a")) { GracePeriod = Timeout.InfiniteTimeSpan });
        await Stage.ReachedAsync("a:started");
        Assert.True(await process.Client.TerminateAsync(Stage.Id));
        Assert.True(await process.Client.TerminateAsync(Stage.Id, "not the first"));
        Assert.False(await process.Client.SignalAsync(Stage.Id, "go", "on"));
        Assert.Equal(WorkflowStatus.Running, (await process.Client.DescribeAsync(Stage.Id))!.Status);
        await Stage.GuardAsync(Host.Time.TimerStarted(Seconds(30)), "the grace period");
        Host.Time.Advance(Seconds(30));
        await AssertTerminatedAsync(process, Stage.Id, "with no reason given");
        ChildDescription abandoned = (await process.Client.DescribeAsync(Stage.Id))!.Children[0].Children[0];
        Assert.Equal(OutcomeKind.Abandoned, abandoned.Outcome);
        Assert.Contains("had not ended 00:00:30 later", abandoned.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(1, Stage.Running);
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Terminate_CodeThatCannotBeMade_EndsBeforeItHasBegun()
    {
        HostProcess process = await StartAsync(configure: AddBroken);
        await process.Client.StartAsync(Run.Workflow<BrokenWorkflow>(), Stage.Id, "");
        await Assert.ThrowsAsync<WorkflowStuckException>(() => ResultAsync(process));
        Assert.True(await process.Client.TerminateAsync(Stage.Id, "was never to run"));
        await AssertTerminatedAsync(process, Stage.Id, "was never to run");
        Assert.False(await process.Client.RetryAsync(Stage.Id));
    }

    [Fact]
    [Trait("Rule", "D3")]
    [Trait("Rule", "D8")]
    public async Task Terminate_CodeThatDiffersFromItsJournal_EndsWithoutIt()
    {
        HostProcess first = await StartAsync(configure: sheaf => sheaf.AddWorkflow<Changing.Before>());
        await first.Client.StartAsync(Run.Workflow<Changing.Before>(), Stage.Id, Stage.Id);
        await Stage.ReachedAsync("one:started");
        await EndAsync(first);
        HostProcess second = await StartAsync(configure: sheaf => sheaf.AddWorkflow<Changing.After>());
        await Assert.ThrowsAsync<NonDeterministicWorkflowException>(() => ResultAsync(second));
        Assert.True(await second.Client.TerminateAsync(Stage.Id, "of an old version"));
        await AssertTerminatedAsync(second, Stage.Id, "of an old version");
        // It ran in the first process, and nowhere since.
        Assert.Equal(1, Stage.CountOf("one:started"));
        Assert.Equal(0, Stage.CountOf("two:started"));
    }

    [Fact]
    [Trait("Rule", "D1")]
    [Trait("Rule", "D7")]
    public async Task Terminate_OwnerIsLostBeforeTheEnd_TheNextOneGoesOnWithoutTheCode()
    {
        HostProcess first = await StartAsync();
        await BeginAsync(first, new("g", new Start("a", new AtGate("late", IgnoresCancel: true)), new TryAwait("a"), new Note("went on")));
        await Stage.ReachedAsync("a:started");
        Assert.True(await first.Client.TerminateAsync(Stage.Id, "enough"));
        Task end = EndAsync(first);
        Stage.Open("late");
        await end;
        HostProcess second = await StartAsync();
        await AssertTerminatedAsync(second, Stage.Id, "enough");
        Assert.DoesNotContain("went on", Stage.Events);
        Assert.Equal(1, Stage.CountOf("a:started"));
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Terminate_ANestedWorkflowRuns_IsCancelledAndEndsByItsOwnCode()
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<ParentWorkflow>());
        GroupPlan plan = new("inside", new Start("work", new WaitForCancel()), new TryAwait("work"), new Note("nested cleaned up"));
        await process.Client.StartAsync(Run.Workflow<ParentWorkflow>(), Stage.Id, new ParentInput(new PlanInput(Stage.Id, plan), null));
        await Stage.ReachedAsync("work:started");
        Assert.True(await process.Client.TerminateAsync(Stage.Id, "enough"));
        await AssertTerminatedAsync(process, Stage.Id, "enough");
        Assert.Equal(WorkflowStatus.Cancelled, (await process.Client.DescribeAsync(ChildId))!.Status);
        Assert.Contains("nested cleaned up", Stage.Events);
    }

    [Fact]
    [Trait("Rule", "R1")]
    [Trait("Rule", "D3")]
    public async Task Terminate_ANestedWorkflowIsStuck_WaitsUntilThatIsTerminatedToo()
    {
        HostProcess process = await StartStuckNestedAsync();
        Assert.True(await process.Client.TerminateAsync(Stage.Id, "all of it"));
        WorkflowDescription description = (await process.Client.DescribeAsync(Stage.Id))!;
        Assert.Equal((WorkflowStatus.Running, $"workflow '{ChildId}'"), (description.Status, description.Children[0].Children[0].WaitsFor));
        Assert.True(await process.Client.TerminateAsync(ChildId, "this too"));
        await AssertTerminatedAsync(process, ChildId, "this too");
        await AssertTerminatedAsync(process, Stage.Id, "all of it");
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Terminate_ANestedWorkflow_FailsItsParent()
    {
        HostProcess process = await StartStuckNestedAsync();
        Assert.True(await process.Client.TerminateAsync(ChildId, "only this"));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(process));
        Assert.Contains($"'{ChildId}' was terminated by 'client': only this", Assert.IsType<WorkflowTerminatedException>(Assert.Single(failures.Leaves).Exception).Message, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "D5")]
    [InlineData(FailAppend.BeforeTheWrite)]
    [InlineData(FailAppend.AfterTheWrite)]
    public async Task Terminate_TheAnswerToItsCommitIsLost_TerminatesOnce(FailAppend how)
    {
        // The first creates the workflow, and starts the worker.
        TestJournal journal = new(Stage) { FailAt = 2, How = how };
        HostProcess process = await StartStuckBesideWorkAsync(journal);
        Task<bool> terminated = process.Client.TerminateAsync(Stage.Id, "once");
        await Task.WhenAny(terminated, PassAsync(TimeSpan.FromMilliseconds(100)));
        Assert.True(await Stage.GuardAsync(terminated, "the termination"));
        await AssertTerminatedAsync(process, Stage.Id, "once");
        Assert.True(journal.HasFailed);
        Assert.Single((await JournalReading.ReadAllAsync(journal, Stage.Id, CancellationToken.None)).OfType<WorkflowTerminated>());
        Assert.Equal(1, Stage.CountOf("work:cancelled"));
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Terminate_TheAnswerToTheCommitThatEndsItIsLost_SaysThatItHas()
    {
        TestJournal journal = new(Stage) { FailAt = 2, How = FailAppend.AfterTheWrite };
        HostProcess process = await StartAsync(journal, AddBroken);
        await process.Client.StartAsync(Run.Workflow<BrokenWorkflow>(), Stage.Id, "");
        await Assert.ThrowsAsync<WorkflowStuckException>(() => ResultAsync(process));
        Task<bool> terminated = process.Client.TerminateAsync(Stage.Id, "once");
        await Task.WhenAny(terminated, PassAsync(TimeSpan.FromMilliseconds(100)));
        Assert.True(await Stage.GuardAsync(terminated, "the termination"));
        Assert.True(journal.HasFailed);
        await AssertTerminatedAsync(process, Stage.Id, "once");
    }

    [Fact]
    [Trait("Rule", "R1")]
    [Trait("Rule", "D3")]
    public async Task Terminate_TheClassesAreGone_KeepsTheParentUntilTheNestedOneIsTerminatedToo()
    {
        HostProcess first = await StartStuckNestedAsync();
        await EndAsync(first);
        HostProcess second = await StartAsync();
        await Assert.ThrowsAsync<WorkflowStuckException>(() => ResultAsync(second));
        Assert.True(await second.Client.TerminateAsync(Stage.Id, "all of it"));
        await NestedIsStuckAsync(second);
        Assert.Equal(WorkflowStatus.Running, (await second.Client.DescribeAsync(Stage.Id))!.Status);
        Assert.True(await second.Client.TerminateAsync(ChildId, "this too"));
        await AssertTerminatedAsync(second, ChildId, "this too");
        await AssertTerminatedAsync(second, Stage.Id, "all of it");
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Terminate_ANestedWorkflowThatIsRetried_IsNotTriedAgain()
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<ParentWorkflow>());
        GroupPlan plan = new("inside", new Start("work", new WaitForCancel()), new Await("work"));
        await process.Client.StartAsync(Run.Workflow<ParentWorkflow>(), Stage.Id, new ParentInput(new PlanInput(Stage.Id, plan), new RetryPlan(3)));
        await Stage.ReachedAsync("work:started");
        Assert.True(await process.Client.TerminateAsync(ChildId, "no more"));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(process));
        Assert.IsType<WorkflowTerminatedException>(Assert.Single(failures.Leaves).Exception);
        Assert.Equal(1, Stage.CountOf("work:started"));
    }

    [Fact]
    [Trait("Rule", "D3")]
    [Trait("Rule", "D11")]
    public async Task Terminate_OneThatContinuesAsNewWithoutEverWaiting_IsTakenBetweenItsRunsBehindWhateverElseHasCome()
    {
        const int Signals = 3000;
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<RestlessWorkflow>());
        await process.Client.StartAsync(Run.Workflow<RestlessWorkflow>(), Stage.Id, Stage.Id);
        await Stage.ReachedAsync("run", times: 3);
        Task<bool>[] signals = [.. Enumerable.Range(0, Signals).Select(i => process.Client.SignalAsync(Stage.Id, "s", i))];
        Assert.True(await Stage.GuardAsync(process.Client.TerminateAsync(Stage.Id, "stop it"), "the termination"));
        await AssertTerminatedAsync(process, Stage.Id, "stop it");
        await Stage.GuardAsync(Task.WhenAll(signals), "the answers to the signals");
    }

    private SheafBuilder AddBroken(SheafBuilder sheaf)
    {
        sheaf.Services.AddSingleton(() =>
        {
            Stage.Log("made");
            return false;
        });
        return sheaf.AddWorkflow<BrokenWorkflow>();
    }

    private async Task<HostProcess> StartStuckNestedAsync()
    {
        HostProcess process = await StartAsync(configure: sheaf => AddBroken(sheaf).AddWorkflow<ParentOfBrokenWorkflow>());
        await process.Client.StartAsync(Run.Workflow<ParentOfBrokenWorkflow>(), Stage.Id, "");
        await Stage.ReachedAsync("made");
        await NestedIsStuckAsync(process);
        return process;
    }

    private async Task NestedIsStuckAsync(HostProcess process) =>
        await Stage.GuardAsync(Assert.ThrowsAsync<WorkflowStuckException>(() => process.Client.ResultAsync<string>(ChildId)), "the nested workflow to be stuck");

    private async Task<HostProcess> StartStuckBesideWorkAsync(IJournal? journal = null)
    {
        HostProcess process = await StartAsync(journal, sheaf => sheaf.AddWorkflow<StuckBesideWorkWorkflow>());
        await process.Client.StartAsync(Run.Workflow<StuckBesideWorkWorkflow>(), Stage.Id, Stage.Id);
        await Stage.ReachedAsync("work:started");
        Stage.Open("answer");
        await Assert.ThrowsAsync<WorkflowStuckException>(() => ResultAsync(process));
        return process;
    }

    private async Task AssertTerminatedAsync(HostProcess process, WorkflowId id, string reason)
    {
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => Stage.GuardAsync(process.Client.ResultAsync<string>(id), $"the end of {id}"));
        FailureLeaf leaf = Assert.Single(failures.Leaves);
        Assert.Contains(reason, Assert.IsType<WorkflowTerminatedException>(leaf.Exception).Message, StringComparison.Ordinal);
        Assert.Equal(id.Value, Assert.Single(leaf.Origins).WorkflowId);
        WorkflowDescription description = (await process.Client.DescribeAsync(id))!;
        Assert.Equal((WorkflowStatus.Failed, null), (description.Status, description.StuckReason));
    }
}

/// <summary>Begins anew at once, and never waits for anything.</summary>
[Workflow("restless/v1")]
public sealed class RestlessWorkflow : Workflow<string, string>
{
    public override async Task<string> RunAsync(string input, WorkflowContext workflow)
    {
        Stage.Of(input).Log("run");
        return await ContinueAsNewAsync(input, workflow);
    }
}

/// <summary>Awaits what is not its own while its worker runs.</summary>
[Workflow("stuck-beside-work/v1")]
public sealed class StuckBesideWorkWorkflow : Workflow<string, string>
{
    public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
    {
        _ = group.Start("work", Run.Worker<PlanWorker>(), new PlanWork(input, "work", new WaitForCancel()));
        await Stage.Of(input).AtGate("answer");
        return "";
    });
}
