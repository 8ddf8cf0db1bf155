namespace Sheaf.Cluster.Tests.Running;

/// <summary>A group of workers of one kind, all at one gate.</summary>
public sealed record Rows(int Count, string Worker = "hold", GroupPolicy Policy = GroupPolicy.FailFast, int? MaxConcurrency = null, string Gate = "open")
{
    public TimeSpan? MoveOnAfter { get; init; }
}

/// <summary>Starts the rows and answers with the sum of what they return.</summary>
[Workflow("sow")]
public sealed class Sow : Workflow<Rows, int>
{
    public override Task<int> RunAsync(Rows input, WorkflowContext workflow) => workflow.GroupAsync(
        "rows",
        async group =>
        {
            List<ChildTask<int>> rows = [];
            for (int i = 0; i < input.Count; i++) rows.Add(group.Start($"row-{i}", Refs.Of(input.Worker), new Work(input.Gate, i)));
            int sum = 0;
            foreach (ChildTask<int> row in rows) sum += await row;
            return sum;
        },
        new WorkflowGroupOptions { Policy = input.Policy, MaxConcurrency = input.MaxConcurrency, MoveOnAfter = input.MoveOnAfter });
}

/// <summary>As <see cref="Sow"/>; then it waits for a signal.</summary>
[Workflow("sow-and-wait")]
public sealed class SowAndWait : Workflow<Rows, int>
{
    public override async Task<int> RunAsync(Rows input, WorkflowContext workflow)
    {
        int sum = await new Sow().RunAsync(input, workflow);
        await workflow.WaitForAsync<int>("sun");
        return sum;
    }
}

/// <summary>As <see cref="Sow"/>, with workers that get ready, and waited for until they are.</summary>
[Workflow("serve")]
public sealed class ServeRows : Workflow<Rows, int>
{
    public override Task<int> RunAsync(Rows input, WorkflowContext workflow) => workflow.GroupAsync("rows", async group =>
    {
        List<ChildStart<string, int>> starts = [];
        for (int i = 0; i < input.Count; i++) starts.Add(group.StartAsync($"row {i}", Run.Worker<ServeWorker>(), new Work(input.Gate, i)));
        int sum = 0;
        foreach (ChildStart<string, int> start in starts)
        {
            await start;
            sum += await start.Child;
        }

        return sum;
    });
}

/// <summary>Waits for a month, then as <see cref="Sow"/>.</summary>
[Workflow("lie-fallow")]
public sealed class LieFallow : Workflow<Rows, int>
{
    public static TimeSpan Time { get; } = TimeSpan.FromDays(30);

    public override async Task<int> RunAsync(Rows input, WorkflowContext workflow)
    {
        await workflow.DelayAsync(Time);
        return await new Sow().RunAsync(input, workflow);
    }
}

/// <summary>After its first worker it leaves its turn, until it is mended.</summary>
[Workflow("wilt")]
public sealed class Wilt(Field field) : Workflow<Rows, int>
{
    public override async Task<int> RunAsync(Rows input, WorkflowContext workflow) => await workflow.GroupAsync("rows", async group =>
    {
        ChildTask<int> first = group.Start("first", Refs.Of(input.Worker), new Work("first", 0));
        ChildTask<int> second = group.Start("second", Refs.Of(input.Worker), new Work("second", 1));
        await first;
        // Not an await alone: what has ended before it is awaited is not foreign to the turn.
        if (!field.IsMended) await Task.Run(workflow.NewGuid);
        return await second;
    });
}

/// <summary>Workers by their names.</summary>
internal static class Refs
{
    public static IWorkerRef<Worker<Work, int>> Of(string worker) => worker switch
    {
        "hold" => Run.Worker<HoldWorker>(),
        "rare" => Run.Worker<RareWorker>(),
        "stubborn" => Run.Worker<StubbornWorker>(),
        "blocking" => Run.Worker<BlockingWorker>(),
        "parent" => Run.Worker<ParentWorker>(),
        "fail" => Run.Worker<FailWorker>(),
        _ => throw new ArgumentOutOfRangeException(nameof(worker), worker, "There is no such worker."),
    };
}
