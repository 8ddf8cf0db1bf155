using Microsoft.Extensions.DependencyInjection;

namespace Sheaf.Benchmarks.Embedded;

/// <summary>A workflow of as many workers as its input says, each of which does nothing: what is left is the host's cost.</summary>
[Workflow("benchmarks.noop/v1")]
public sealed class NoopWorkflow : Workflow<int, int>
{
    /// <summary>An application with the embedded host and its journal in memory.</summary>
    public static ServiceProvider CreateHost() => new ServiceCollection()
        .AddSheaf(sheaf => sheaf.AddWorkflow<NoopWorkflow>().AddWorkflow<NoopMapWorkflow>().AddWorker<NoopWorker>())
        .UseEmbedded()
        .BuildServiceProvider();

    /// <summary>The plain alternative: the same workers on the same thread pool, nothing journaled.</summary>
    public static async Task<int> InWhenAllAsync(int children)
    {
        var tasks = new Task<int>[children];
        for (int i = 0; i < children; i++)
        {
            int number = i;
            tasks[i] = Task.Run(() => new NoopWorker().RunAsync(number, null!, CancellationToken.None));
        }

        return (await Task.WhenAll(tasks)).Length;
    }

    public override Task<int> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("noops", async group =>
    {
        var children = new ChildTask<int>[input];
        for (int i = 0; i < input; i++) children[i] = group.Start(Run.Worker<NoopWorker>(), i);
        foreach (ChildTask<int> child in children) await child;
        return input;
    });
}

/// <summary>As <see cref="NoopWorkflow"/>, by a map: its children take many inputs each.</summary>
[Workflow("benchmarks.noop-map/v1")]
public sealed class NoopMapWorkflow : Workflow<int, int>
{
    public override Task<int> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("noops", async group =>
        (await group.MapAsync(Run.Worker<NoopWorker>(), [.. Enumerable.Range(0, input)])).Count);
}

/// <summary>Returns its input.</summary>
[Worker("benchmarks.noop-worker/v1")]
public sealed class NoopWorker : Worker<int, int>
{
    public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(input);
}
