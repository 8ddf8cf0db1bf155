using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Journal;

namespace Sheaf.Conformance;

/// <summary>Workflows as children of workflows: started once, cancelled with their group, failing into it.</summary>
[Needs(Capabilities.Durable)]
public abstract class NestedConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly Func<SheafBuilder, SheafBuilder> AddParent = sheaf => sheaf.AddWorkflow<ParentWorkflow>();

    private WorkflowId ChildId => $"{Stage.Id}/1.0";

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Nested_Succeeds_GivesItsValueAndIsAWorkflowOfItsOwn()
    {
        HostProcess process = await StartAsync(configure: AddParent);
        Assert.Equal("child: inner", await RunAsync(process, new GroupPlan("inside", new Start("work", new Succeed("inner")), new Await("work"))));

        WorkflowDescription parent = (await process.Client.DescribeAsync(Stage.Id))!;
        ChildDescription child = parent.Children[0].Children[0];
        Assert.Equal(("Workflow", "plan/v1", ChildId.Value, OutcomeKind.Succeeded), (child.Kind, child.Worker, child.WorkflowId, child.Outcome));
        WorkflowDescription nested = (await process.Client.DescribeAsync(ChildId))!;
        Assert.Equal(WorkflowStatus.Succeeded, nested.Status);
        Assert.Equal("inside", nested.Children[0].Name);
    }

    [Fact]
    [Trait("Rule", "R3")]
    [Trait("Rule", "E4")]
    public async Task Nested_Fails_ItsFailuresComeUpWithTheirStructure()
    {
        HostProcess process = await StartAsync(configure: AddParent);
        GroupPlan plan = new("inside", new Start("one", new Fail(Bad("first"))), new Start("two", new Fail(Bad("second")))) { Policy = GroupPolicy.CollectAll };
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, plan));
        Assert.Equal(["first", "second"], failures.Leaves.Select(leaf => leaf.Exception.Message).Order(StringComparer.Ordinal));
        Assert.All(failures.Leaves, leaf => Assert.IsType<FormatException>(leaf.Exception));
        FailureOrigin origin = failures.Leaves.Single(leaf => leaf.Exception.Message == "first").Origins[0];
        Assert.Equal(["child", "one"], origin.Path);
    }

    [Fact]
    [Trait("Rule", "R8")]
    [Trait("Rule", "C1")]
    public async Task Nested_ParentIsCancelled_IsCancelledAndWaitedFor()
    {
        HostProcess process = await StartAsync(configure: AddParent);
        await BeginAsync(process, new GroupPlan("inside", new Start("work", new WaitForCancel()), new Await("work")));
        await Stage.ReachedAsync("work:started");
        Assert.True(await process.Client.CancelAsync(Stage.Id, "enough"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ResultAsync(process));
        WorkflowDescription nested = (await process.Client.DescribeAsync(ChildId))!;
        Assert.Equal((WorkflowStatus.Cancelled, Stage.Id), (nested.Status, nested.Cause!.By));
        Assert.Contains("enough", nested.Cause.Reason, StringComparison.Ordinal);
        Assert.Equal(0, Stage.Running);
    }

    [Fact]
    [Trait("Rule", "R9")]
    public async Task Nested_IgnoresCancellationBeyondItsParentsGrace_IsNotAbandoned()
    {
        HostProcess process = await StartAsync(configure: AddParent);
        await BeginAsync(process, new GroupPlan("inside", new Start("work", new AtGate("late", IgnoresCancel: true)), new Await("work")) { GracePeriod = Timeout.InfiniteTimeSpan });
        await Stage.ReachedAsync("work:started");
        await process.Client.CancelAsync(Stage.Id);
        await PassAsync(Seconds(30));
        Assert.Equal(WorkflowStatus.Running, (await process.Client.DescribeAsync(Stage.Id))!.Status);
        Stage.Open("late");
        // All have succeeded after all (R5).
        Assert.Equal("child: ok", await ResultAsync(process));
        Assert.Equal(0, Stage.Running);
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task Nested_CancelledBySomebodyElse_IsAFailure()
    {
        HostProcess process = await StartAsync(configure: AddParent);
        await BeginAsync(process, new GroupPlan("inside", new Start("work", new WaitForCancel()), new Await("work")));
        await Stage.ReachedAsync("work:started");
        Assert.True(await process.Client.CancelAsync(ChildId, "not this one"));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(process));
        Assert.Contains("not this one", Assert.IsAssignableFrom<OperationCanceledException>(Assert.Single(failures.Leaves).Exception).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Nested_FailsAndIsRetried_EachAttemptIsAnotherWorkflow()
    {
        HostProcess process = await StartAsync(configure: AddParent);
        Task<string> result = RunAsync(process, new GroupPlan("inside", new Start("work", new Fail(Bad()))), attempts: 2);
        await PassAsync(Seconds(1));
        await Assert.ThrowsAsync<ExceptionGroup>(() => result);
        Assert.Equal(2, Stage.CountOf("work:started"));
        Assert.Equal(WorkflowStatus.Failed, (await process.Client.DescribeAsync(ChildId))!.Status);
        Assert.Equal(WorkflowStatus.Failed, (await process.Client.DescribeAsync($"{ChildId}.2"))!.Status);
    }

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "D8")]
    public async Task Nested_OwnerIsLost_IsNotStartedAgain()
    {
        HostProcess first = await StartAsync(configure: AddParent);
        await BeginAsync(first, new GroupPlan("inside", new Start("before", new Succeed()), new Await("before"), new Start("work", new AtGate("go")), new Await("work")));
        await Stage.ReachedAsync("work:started");
        await EndAsync(first);
        HostProcess second = await StartAsync(configure: AddParent);
        Stage.Open("go");
        Assert.Equal("child: ok,ok", await ResultAsync(second));
        Assert.Equal(1, Stage.CountOf("before:started"));
        ChildDescription child = (await second.Client.DescribeAsync(Stage.Id))!.Children[0].Children[0];
        Assert.Equal(1, child.Delivery);
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
        await AssertOneOutcomeAChildAsync(second, ChildId);
    }

    [Fact]
    [Trait("Rule", "R12")]
    [Trait("Rule", "D8")]
    public async Task Nested_ItsTimeIsUpAndItsOwnerIsLost_FailsAsTheTimeoutThatItIs()
    {
        HostProcess first = await StartAsync(configure: AddParent);
        GroupPlan plan = new("inside", new Start("work", new AtGate("late", new WaitForCancel(), IgnoresCancel: true)), new Await("work"));
        await BeginAsync(first, plan, new RetryPlan(1) { AttemptTimeout = Seconds(5) });
        await Stage.ReachedAsync("work:started");
        await PassAsync(Seconds(5));
        await Stage.ReachedAsync("work:cancelled");
        Task end = EndAsync(first);
        Stage.Open("late");
        await end;
        // Its worker is lost, and that is the end of a cancelled child. The owner that sees it has heard of no timeout.
        HostProcess second = await StartAsync(configure: AddParent);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(second));
        Assert.Contains("longer than its timeout of 00:00:05", Assert.IsType<TimeoutException>(Assert.Single(failures.Leaves).Exception).Message, StringComparison.Ordinal);
        Assert.Equal(WorkflowStatus.Cancelled, (await second.Client.DescribeAsync(ChildId))!.Status);
    }

    [Fact]
    [Trait("Rule", "R12")]
    [Trait("Rule", "D8")]
    public async Task Nested_ItsOwnerIsLostWithinItsTime_HasWhatIsLeftOfIt()
    {
        HostProcess first = await StartAsync(configure: AddParent);
        await BeginAsync(first, new GroupPlan("inside", new Start("work", new WaitForCancel()), new Await("work")), new RetryPlan(1) { AttemptTimeout = Seconds(5) });
        await Stage.ReachedAsync("work:started");
        await Stage.GuardAsync(Host.Time.TimerStarted(Seconds(5)), "its time");
        Host.Time.Advance(Seconds(3));
        await EndAsync(first);
        HostProcess second = await StartAsync(configure: AddParent);
        await Stage.GuardAsync(Host.Time.TimerStarted(Seconds(2)), "the rest of its time");
        Host.Time.Advance(Seconds(2));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => ResultAsync(second));
        Assert.Contains("longer than its timeout of 00:00:05", Assert.IsType<TimeoutException>(Assert.Single(failures.Leaves).Exception).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D10")]
    public async Task Nested_NobodyHasItsClass_FailsItsParent()
    {
        HostProcess process = await StartAsync(configure: sheaf => sheaf.AddWorkflow<ParentOfBrokenWorkflow>());
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => Stage.GuardAsync(process.Client.RunAsync(Run.Workflow<ParentOfBrokenWorkflow>(), Stage.Id, ""), "the parent's end"));
        Assert.Contains("No workflow is registered as 'broken/v1'", Assert.Single(failures.Leaves).Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Nested_IsStuck_ParentWaitsUntilItIsMended()
    {
        HostProcess process = await NestStuckAsync("");
        ChildDescription child = (await process.Client.DescribeAsync(Stage.Id))!.Children[0].Children[0];
        Assert.Equal($"workflow '{ChildId}'", child.WaitsFor);
        Stage.Log("mended");
        Assert.True(await process.Client.RetryAsync(ChildId));
        Assert.Equal("mended", await ResultAsync(process));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Nested_ParentIsCancelledWhileItIsStuck_IsCancelledOnceItIsMended()
    {
        HostProcess process = await NestStuckAsync("waits");
        await process.Client.CancelAsync(Stage.Id, "enough");
        Stage.Log("mended");
        Assert.True(await process.Client.RetryAsync(ChildId));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ResultAsync(process));
        Assert.Equal(WorkflowStatus.Cancelled, (await process.Client.DescribeAsync(ChildId))!.Status);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Nested_ItsIdIsTaken_FailsAndSaysSo()
    {
        // No client may start one under such an id; it may be there from before that was so.
        string other = JsonSerializer.Serialize(new PlanInput(Stage.Id, new GroupPlan("other", new Return("other"))));
        await Journal.CreateAsync(new WorkflowHeader { Id = ChildId, Workflow = "plan/v1", Input = other, CreatedAt = Host.Time.GetUtcNow(), Owner = "an earlier process" });
        HostProcess process = await StartAsync(configure: AddParent);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, new GroupPlan("inside", new Return("mine"))));
        Assert.Contains(ChildId.Value, Assert.Single(failures.Leaves).Exception.Message, StringComparison.Ordinal);
    }

    /// <summary>Starts a parent and returns when its child is stuck.</summary>
    private async Task<HostProcess> NestStuckAsync(string input)
    {
        HostProcess process = await StartAsync(configure: sheaf =>
        {
            sheaf.Services.AddSingleton(() =>
            {
                Stage.Log("made");
                return Stage.CountOf("mended") > 0;
            });
            return sheaf.AddWorkflow<ParentOfBrokenWorkflow>().AddWorkflow<BrokenWorkflow>();
        });
        await process.Client.StartAsync(Run.Workflow<ParentOfBrokenWorkflow>(), Stage.Id, input);
        await Stage.ReachedAsync("made");
        await Stage.GuardAsync(Assert.ThrowsAsync<WorkflowStuckException>(() => process.Client.ResultAsync<string>(ChildId)), "the nested workflow to be stuck");
        return process;
    }

    private Task<string> RunAsync(HostProcess process, GroupPlan plan, int attempts = 1) =>
        Stage.GuardAsync(process.Client.RunAsync(Run.Workflow<ParentWorkflow>(), Stage.Id, new ParentInput(new PlanInput(Stage.Id, plan), attempts > 1 ? new RetryPlan(attempts) : null)), "the parent's result");

    private async Task BeginAsync(HostProcess process, GroupPlan plan, RetryPlan? retry = null) =>
        Assert.True(await process.Client.StartAsync(Run.Workflow<ParentWorkflow>(), Stage.Id, new ParentInput(new PlanInput(Stage.Id, plan), retry)));
}

public sealed record ParentInput(PlanInput Child, RetryPlan? Retry);

[Workflow("parent/v1")]
public sealed class ParentWorkflow : Workflow<ParentInput, string>
{
    public override Task<string> RunAsync(ParentInput input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
    {
        ChildOptions? options = input.Retry is { } retry ? new ChildOptions { Retry = retry.ToPolicy() } : null;
        return "child: " + await group.Start("child", Run.Workflow<PlanWorkflow>(), input.Child, options);
    });
}

[Workflow("parent-of-broken/v1")]
public sealed class ParentOfBrokenWorkflow : Workflow<string, string>
{
    public override Task<string> RunAsync(string input, WorkflowContext workflow) =>
        workflow.GroupAsync("g", async group => await group.Start(Run.Workflow<BrokenWorkflow>(), input));
}
