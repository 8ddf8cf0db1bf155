namespace Sheaf.Conformance;

/// <summary>Plans as local task groups.</summary>
public sealed class LocalHost : PlanHost
{
    public override Capabilities Capabilities => Capabilities.CanAbandon;

    public override Task<string> RunAsync(Stage stage, GroupPlan plan, CancellationToken outside)
    {
        PlanBody body = new(stage);
        TaskGroupOptions options = Options(plan) with { Name = plan.Name, TimeProvider = Time };
        return body.RunAsync(async () =>
        {
            if (plan.Valued) return await TaskGroup.RunAsync(group => body.RunBodyAsync(new LocalGroup(stage, group), plan), options, outside);
            await TaskGroup.RunAsync(Void(group => body.RunBodyAsync(new LocalGroup(stage, group), plan)), options, outside);
            return "";
        });
    }

    private static TaskGroupOptions Options(GroupPlan plan) => new()
    {
        Policy = plan.Policy,
        Deadline = plan.Deadline,
        MoveOnAfter = plan.MoveOnAfter,
        Shield = plan.Shield,
        MaxConcurrency = plan.MaxConcurrency,
        GracePeriod = plan.GracePeriod ?? Timeout.InfiniteTimeSpan,
        MaxFailures = plan.MaxFailures,
        Retry = plan.Retry?.ToPolicy(),
    };

    /// <summary>Chooses the overload without a value.</summary>
    private static Func<TaskGroup, Task> Void(Func<TaskGroup, Task> body) => body;

    private sealed class LocalGroup(Stage stage, TaskGroup group) : IPlanGroup
    {
        public IReadOnlyList<Outcome> Outcomes => group.Outcomes;

        public ChildTask Start(string name, Act does, ChildOptions? options) => group.Start(name, token =>
        {
            ActorWorld world = new(stage, name, stage.NextAttempt(name), () => group.Cause, SpawnAsync, group.Cancel);
            return Actor.PlayAsync(world, does, token);
        }, options);

        public ChildTask Nest(GroupPlan plan, PlanBody body) => plan.Valued
            ? group.GroupAsync(plan.Name, nested => body.RunBodyAsync(new LocalGroup(stage, nested), plan), Options(plan))
            : group.GroupAsync(plan.Name, Void(nested => body.RunBodyAsync(new LocalGroup(stage, nested), plan)), Options(plan));

        public void Cancel(string? reason) => group.Cancel(reason);

        private Task SpawnAsync(string name, Act does)
        {
            _ = Start(name, does, null);
            return Task.CompletedTask;
        }
    }
}
