using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sheaf.Benchmarks.Cluster;
using Sheaf.Benchmarks.Durable;
using Sheaf.Benchmarks.Embedded;
using Sheaf.Journal;

namespace Sheaf.Benchmarks.Quick;

/// <summary>Workflows from start to result, journaled to a disk, beside the same ones on the same host with a journal in memory.</summary>
internal sealed class DurableFigures : IFigureSet
{
    private const int Rounds = 41;

    // One is over soon, and what else the machine does shows most in it.
    private const int RoundsOfOne = 101;
    private const int RepeatsOfOne = 5;

    // The compiler takes some thousand runs to be done with all that one passes through.
    private const int WarmUpRunsOfOne = 10_000;

    private int _runs;

    public async Task MeasureAsync()
    {
        await using Store store = await Store.StartAsync();
        await MeasureClusterAsync(store);
        await MeasureEmbeddedAsync(store);
    }

    private async Task MeasureClusterAsync(Store store)
    {
        string database = await store.Server.CreateDatabaseAsync();
        await using BenchmarkCluster durable = await BenchmarkCluster.StartOnPostgreSqlAsync(database);
        await using BenchmarkCluster volatiles = await BenchmarkCluster.StartAsync(new MemoryJournal());
        Pair pair = new("durable.postgresql", durable.Client, volatiles.Client);
        for (int i = 0; i < WarmUpRunsOfOne; i++) await RunAsync(durable.Client, Run.Workflow<NoopWorkflow>(), 1);
        await MeasureAsync(pair, Run.Workflow<NoopWorkflow>(), "start", 1, limit: 6, rounds: RoundsOfOne, repeats: RepeatsOfOne);
        await MeasureRowsAsync(durable, database);
        await MeasureAsync(pair, Run.Workflow<NoopMapWorkflow>(), "map", 1_000, limit: 70, maxRatio: 2);
        await MeasureAsync(pair, Run.Workflow<NoopWorkflow>(), "start", 1_000, limit: 70, maxRatio: 2);
        await MeasureAsync(pair, Run.Workflow<NoopMapWorkflow>(), "map", 10_000, limit: 600);
        await MeasureAsync(pair, Run.Workflow<NoopWorkflow>(), "start", 10_000, limit: 600);
    }

    /// <summary>A workflow of one child has two commits, one after the other: beside two transactions of a row each.</summary>
    private async Task MeasureRowsAsync(BenchmarkCluster cluster, string database)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create($"{database};Max Auto Prepare=1;Auto Prepare Min Usages=2");
        await using (NpgsqlCommand create = source.CreateCommand("CREATE TABLE plain (number integer)")) await create.ExecuteNonQueryAsync();
        Comparison figures = await Comparison.RunAsync(() => RunAsync(cluster.Client, Run.Workflow<NoopWorkflow>(), 1), InsertTwiceAsync, RoundsOfOne, RepeatsOfOne);
        Figures.Print("durable.postgresql.start.1.two-rows", figures.PlainNanoseconds / 1e6, "ms");
        Figures.Print("durable.postgresql.start.1.ratio-to-two-rows", figures.Ratio, "x");

        async Task InsertTwiceAsync()
        {
            for (int i = 0; i < 2; i++)
            {
                await using NpgsqlCommand insert = source.CreateCommand("INSERT INTO plain VALUES (1)");
                await insert.ExecuteNonQueryAsync();
            }
        }
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

    private async Task MeasureAsync(Pair pair, IWorkflowRef<Workflow<int, int>> workflow, string how, int children, double limit, double? maxRatio = null, int rounds = Rounds, int repeats = 1)
    {
        Comparison figures = await Comparison.RunAsync(() => RunAsync(pair.Durable, workflow, children), () => RunAsync(pair.Volatile, workflow, children), rounds, repeats, warmUpSeconds: 15);
        string name = $"{pair.Name}.{how}.{children}";
        Figures.PrintAtMost($"{name}.workflow", figures.MineNanoseconds / 1e6, "ms", limit);
        Figures.Print($"{name}.memory", figures.PlainNanoseconds / 1e6, "ms");
        if (maxRatio is { } most) Figures.PrintAtMost($"{name}.ratio-to-memory", figures.Ratio, "x", most);
        else Figures.Print($"{name}.ratio-to-memory", figures.Ratio, "x");
    }

    private Task<int> RunAsync(IWorkflowClient client, IWorkflowRef<Workflow<int, int>> workflow, int children) =>
        client.RunAsync(workflow, $"durable-{Interlocked.Increment(ref _runs)}", children);

    private sealed record Pair(string Name, IWorkflowClient Durable, IWorkflowClient Volatile);
}
