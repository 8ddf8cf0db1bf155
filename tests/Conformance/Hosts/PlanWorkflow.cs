using System.Collections.Concurrent;

namespace Sheaf.Conformance;

public sealed record PlanInput(string Stage, GroupPlan Plan);

public sealed record PlanWork(string Stage, string Name, Act Does);

/// <summary>A plan as workflow code.</summary>
[Workflow("plan/v1")]
public sealed class PlanWorkflow : Workflow<PlanInput, string>
{
    public override Task<string> RunAsync(PlanInput input, WorkflowContext workflow) => RunAsync(Stage.Of(input.Stage), input.Plan, workflow);

    public static Task<string> RunAsync(Stage stage, GroupPlan plan, WorkflowContext workflow)
    {
        PlanBody body = new(stage);
        return body.RunAsync(async () =>
        {
            if (plan.Valued) return await workflow.GroupAsync(plan.Name, group => body.RunBodyAsync(new DurableGroup(stage, group), plan), Options(plan));
            await workflow.GroupAsync(plan.Name, Void(group => body.RunBodyAsync(new DurableGroup(stage, group), plan)), Options(plan));
            return "";
        });
    }

    private static WorkflowGroupOptions Options(GroupPlan plan) => new()
    {
        Policy = plan.Policy,
        Deadline = plan.Deadline,
        MoveOnAfter = plan.MoveOnAfter,
        Shield = plan.Shield,
        MaxConcurrency = plan.MaxConcurrency,
        GracePeriod = plan.GracePeriod ?? TimeSpan.FromSeconds(30),
        MaxFailures = plan.MaxFailures,
        Retry = plan.Retry?.ToPolicy(),
    };

    /// <summary>Chooses the overload without a value.</summary>
    private static Func<WorkflowGroup, Task> Void(Func<WorkflowGroup, Task> body) => body;

    private sealed class DurableGroup(Stage stage, WorkflowGroup group) : IPlanGroup
    {
        public IReadOnlyList<Outcome> Outcomes => group.Outcomes;

        // Only workflow code can cancel a group: a child that does is a branch.
        public ChildTask Start(string name, Act does, ChildOptions? options) => does is CancelGroup cancel
            ? group.Branch(name, _ =>
            {
                group.Cancel(cancel.Reason);
                return Task.FromResult("ok");
            }, options)
            : group.Start(name, Run.Worker<PlanWorker>(), new PlanWork(stage.Id, name, does), options);

        public ChildTask Nest(GroupPlan plan, PlanBody body) => plan.Valued
            ? group.GroupAsync(plan.Name, nested => body.RunBodyAsync(new DurableGroup(stage, nested), plan), Options(plan))
            : group.GroupAsync(plan.Name, Void(nested => body.RunBodyAsync(new DurableGroup(stage, nested), plan)), Options(plan));

        public void Cancel(string? reason) => group.Cancel(reason);
    }
}

/// <summary>A plan that the process knows, by its stage: for plans that must not travel.</summary>
[Workflow("given-plan/v1")]
public sealed class GivenPlanWorkflow : Workflow<string, string>
{
    public static ConcurrentDictionary<string, GroupPlan> Plans { get; } = new();

    public override Task<string> RunAsync(string input, WorkflowContext workflow) => PlanWorkflow.RunAsync(Stage.Of(input), Plans[input], workflow);
}

/// <summary>A child of a plan as a worker.</summary>
[Worker("plan-worker/v1")]
public sealed class PlanWorker : Worker<PlanWork, string>
{
    public override Task<string> RunAsync(PlanWork input, WorkerContext context, CancellationToken cancellationToken)
    {
        Stage stage = Stage.Of(input.Stage);
        stage.Deliveries.Enqueue(new DeliverySeen(input.Name, context.Attempt, context.FencingToken, context.IdempotencyKey, context.Deadline));
        ActorWorld world = new(
            stage,
            input.Name,
            context.Attempt,
            () => context.CancellationCause,
            (name, does) => context.SpawnAsync(name, Run.Worker<PlanWorker>(), new PlanWork(input.Stage, name, does)),
            _ => throw new NotSupportedException("A worker cannot cancel its group."));
        return Actor.PlayAsync(world, input.Does, cancellationToken);
    }
}
