using Microsoft.Extensions.DependencyInjection;
using Sheaf.Benchmarks.Cluster;
using Sheaf.Benchmarks.Durable;
using Sheaf.Benchmarks.Embedded;
using Sheaf.Journal;

namespace Sheaf.Benchmarks.Quick;

/// <summary>Workflows from start to result, journaled to a disk, beside the same ones on the same host with a journal in memory.</summary>
internal sealed class DurableFigures : IFigureSet
{
    private const int Rounds = 21;
    private int _runs;

    public async Task MeasureAsync()
    {
        await using Store store = await Store.StartAsync();
        await MeasureClusterAsync(store);
        await MeasureEmbeddedAsync(store);
    }

    private async Task MeasureClusterAsync(Store store)
    {
        await using BenchmarkCluster durable = await BenchmarkCluster.StartOnPostgreSqlAsync(await store.Server.CreateDatabaseAsync());
        await using BenchmarkCluster volatiles = await BenchmarkCluster.StartAsync(new MemoryJournal());
        Pair pair = new("durable.postgresql", durable.Client, volatiles.Client);
        await MeasureAsync(pair, Run.Workflow<NoopWorkflow>(), "start", 1, limit: 6, repeats: 20);
        await MeasureAsync(pair, Run.Workflow<NoopMapWorkflow>(), "map", 1_000, limit: 70, maxRatio: 2);
        await MeasureAsync(pair, Run.Workflow<NoopWorkflow>(), "start", 1_000, limit: 70, maxRatio: 2);
        await MeasureAsync(pair, Run.Workflow<NoopMapWorkflow>(), "map", 10_000, limit: 600);
        await MeasureAsync(pair, Run.Workflow<NoopWorkflow>(), "start", 10_000, limit: 600);
    }

    private async Task MeasureEmbeddedAsync(Store store)
    {
        using SqliteJournal sqlite = new(store.NewFile());
        await using ServiceProvider durable = Store.Embed(sqlite);
        await using ServiceProvider volatiles = Store.Embed(new MemoryJournal());
        Pair pair = new("durable.sqlite", durable.GetRequiredService<IWorkflowClient>(), volatiles.GetRequiredService<IWorkflowClient>());
        await MeasureAsync(pair, Run.Workflow<NoopMapWorkflow>(), "map", 1_000, limit: 40, maxRatio: 2);
        await MeasureAsync(pair, Run.Workflow<NoopWorkflow>(), "start", 1_000, limit: 40, maxRatio: 2);
    }

    private async Task MeasureAsync(Pair pair, IWorkflowRef<Workflow<int, int>> workflow, string how, int children, double limit, double? maxRatio = null, int repeats = 1)
    {
        Comparison figures = await Comparison.RunAsync(() => RunAsync(pair.Durable), () => RunAsync(pair.Volatile), Rounds, repeats, warmUpSeconds: 6);
        string name = $"{pair.Name}.{how}.{children}";
        Figures.PrintAtMost($"{name}.workflow", figures.MineNanoseconds / 1e6, "ms", limit);
        Figures.Print($"{name}.memory", figures.PlainNanoseconds / 1e6, "ms");
        if (maxRatio is { } most) Figures.PrintAtMost($"{name}.ratio-to-memory", figures.Ratio, "x", most);
        else Figures.Print($"{name}.ratio-to-memory", figures.Ratio, "x");

        Task<int> RunAsync(IWorkflowClient client) => client.RunAsync(workflow, $"durable-{Interlocked.Increment(ref _runs)}", children);
    }

    private sealed record Pair(string Name, IWorkflowClient Durable, IWorkflowClient Volatile);
}
