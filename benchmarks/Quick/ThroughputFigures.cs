using System.Diagnostics;
using Npgsql;
using Sheaf.Benchmarks.Cluster;
using Sheaf.Benchmarks.Durable;
using Sheaf.Benchmarks.Embedded;
using Sheaf.Journal;

namespace Sheaf.Benchmarks.Quick;

/// <summary>How many small workflows three silos on PostgreSQL end in a second, for seconds on end; beside a journal in memory.</summary>
internal sealed class ThroughputFigures : IFigureSet
{
    private const int AtOnce = 64;
    private const int ChildrenOfEach = 10;
    private const int Rounds = 9;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(5);

    private int _runs;

    public async Task MeasureAsync()
    {
        await using Store store = await Store.StartAsync();
        string database = await store.Server.CreateDatabaseAsync();
        await using BenchmarkCluster durable = await BenchmarkCluster.StartOnPostgreSqlAsync(database);
        await using BenchmarkCluster volatiles = await BenchmarkCluster.StartAsync(new MemoryJournal());
        await RunAsync(durable.Client, WarmUp);
        await RunAsync(volatiles.Client, WarmUp);
        List<double> mine = [];
        List<double> plain = [];
        List<double> cores = [];
        for (int round = 0; round < Rounds; round++)
        {
            long begin = Stopwatch.GetTimestamp();
            TimeSpan processor = Environment.CpuUsage.TotalTime;
            mine.Add(await RunAsync(durable.Client, Span));
            cores.Add((Environment.CpuUsage.TotalTime - processor) / Stopwatch.GetElapsedTime(begin));
            plain.Add(await RunAsync(volatiles.Client, Span));
        }

        string name = $"throughput.{AtOnce}x{ChildrenOfEach}";
        Figures.PrintAtLeast($"{name}.postgresql", Comparison.Median(mine), "workflows/s", 1_500);
        Figures.Print($"{name}.postgresql.processor", Comparison.Median(cores), "cores, all silos and the client together");
        Figures.Print($"{name}.memory", Comparison.Median(plain), "workflows/s");
        Figures.PrintAtMost($"{name}.ratio-to-memory", Comparison.Median(mine.Zip(plain, (durably, inMemory) => inMemory / durably)), "x", 2);
        await PrintConnectionsAsync(database, name);
    }

    /// <summary>Keeps so many running: where one has ended, the next one starts.</summary>
    /// <returns>How many ended in a second.</returns>
    private async Task<double> RunAsync(IWorkflowClient client, TimeSpan time)
    {
        long begin = Stopwatch.GetTimestamp();
        int[] ended = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            int count = 0;
            for (; Stopwatch.GetElapsedTime(begin) < time; count++)
                await client.RunAsync(Run.Workflow<NoopWorkflow>(), $"throughput-{Interlocked.Increment(ref _runs)}", ChildrenOfEach);
            return count;
        }));
        return ended.Sum() / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    /// <summary>The pools keep what they once needed for minutes.</summary>
    private static async Task PrintConnectionsAsync(string database, string name)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create($"{database};Application Name=figures");
        await using NpgsqlCommand count = source.CreateCommand(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'figures' GROUP BY application_name) a");
        Figures.Print($"{name}.connections-of-a-silo", Convert.ToDouble(await count.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture), "at most");
    }
}
