using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sheaf.Benchmarks.Cluster;
using Sheaf.Benchmarks.Durable;
using Sheaf.Benchmarks.Embedded;
using Sheaf.Journal;

namespace Sheaf.Benchmarks.Quick;

/// <summary>What workflows take: rows and bytes of the journal, and memory while they wait.</summary>
internal sealed class SizingFigures : IFigureSet
{
    private const int Waiting = 10_000;
    private const int AtOnce = 64;

    private static readonly TimeSpan LeavingTakes = SheafOptions.DefaultIdleTimeout + TimeSpan.FromSeconds(30);

    private int _runs;

    public async Task MeasureAsync()
    {
        await using Store store = await Store.StartAsync();
        await MeasureSqliteAsync(store);
        await MeasurePostgreSqlAsync(store);
    }

    private async Task MeasureSqliteAsync(Store store)
    {
        string file = store.NewFile();
        using SqliteJournal journal = new(file);
        await using ServiceProvider services = Store.Embed(journal);
        await MeasureJournalAsync("sizing.sqlite", services.GetRequiredService<IWorkflowClient>(), () => Task.FromResult(SizeOf(file)));
        using SqliteJournal waiting = new(store.NewFile());
        await using ServiceProvider host = Store.Embed(waiting);
        await MeasureWaitingAsync("sizing.embedded", host.GetRequiredService<IWorkflowClient>());
    }

    private async Task MeasurePostgreSqlAsync(Store store)
    {
        string database = await store.Server.CreateDatabaseAsync();
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(database);
        await using BenchmarkCluster cluster = await BenchmarkCluster.StartOnPostgreSqlAsync(database);
        await MeasureJournalAsync("sizing.postgresql", cluster.Client, () => SizeOfAsync(source));
        await MeasureWaitingAsync("sizing.three-silos", cluster.Client);
    }

    private async Task MeasureJournalAsync(string name, IWorkflowClient client, Func<Task<Size>> measure)
    {
        await RunAsync(client, 500, Run.Workflow<NoopWorkflow>(), 1);
        Size empty = await PrintAsync("workflow-of-none", 5_000, Run.Workflow<NoopWorkflow>(), 0);
        await PrintAsync("workflow-of-1", 5_000, Run.Workflow<NoopWorkflow>(), 1, empty);
        await PrintAsync("workflow-of-10", 2_000, Run.Workflow<NoopWorkflow>(), 10, empty);
        await PrintAsync("workflow-of-1000", 50, Run.Workflow<NoopWorkflow>(), 1_000, empty);
        await PrintAsync("map-of-1000", 200, Run.Workflow<NoopMapWorkflow>(), 1_000, empty);
        await PrintAsync("map-of-100000", 20, Run.Workflow<NoopMapWorkflow>(), 100_000, empty);
        await PrintAsync("wait-and-signal", 5_000, Run.Workflow<SignalledWorkflow>(), 0, signal: true);

        async Task<Size> PrintAsync(string what, int workflows, IWorkflowRef<Workflow<int, int>> workflow, int children, Size? without = null, bool signal = false)
        {
            Size before = await measure();
            await RunAsync(client, workflows, workflow, children, signal);
            Size each = (await measure() - before) / workflows;
            Figures.Print($"{name}.{what}.bytes", each.Bytes, "B");
            Figures.Print($"{name}.{what}.commits", each.Commits, "rows");
            Figures.Print($"{name}.{what}.entries", each.Entries, "entries");
            if (without is { } fixedCost && children > 0) Figures.Print($"{name}.{what}.bytes-of-a-child", (each.Bytes - fixedCost.Bytes) / children, "B/child");
            return each;
        }
    }

    private Task RunAsync(IWorkflowClient client, int workflows, IWorkflowRef<Workflow<int, int>> workflow, int children, bool signal = false) => Parallel.ForEachAsync(
        Enumerable.Range(0, workflows), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (_, stop) =>
        {
            WorkflowId id = NextId();
            await client.StartAsync(workflow, id, children, stop);
            if (signal) await client.SignalAsync(id, SignalledWorkflow.Signal, 1, cancellationToken: stop);
            await client.ResultAsync<int>(id, stop);
        });

    private async Task MeasureWaitingAsync(string name, IWorkflowClient client)
    {
        await RunAsync(client, 500, Run.Workflow<SignalledWorkflow>(), 0, signal: true);
        // What came before leaves too, and what pools keep for a while is given back: else the difference is theirs.
        await Task.Delay(LeavingTakes, TimeProvider.System);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        WorkflowId[] ids = [.. Enumerable.Range(0, Waiting).Select(_ => NextId())];
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (id, stop) => await client.StartAsync(Run.Workflow<SignalledWorkflow>(), id, 0, stop));
        Figures.Print($"{name}.waiting-workflow.heap", (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Waiting, "B");
        await Task.Delay(LeavingTakes, TimeProvider.System);
        Figures.Print($"{name}.waiting-workflow.heap-after-leaving", (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Waiting, "B");
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (id, stop) => await client.SignalAsync(id, SignalledWorkflow.Signal, 1, cancellationToken: stop));
    }

    private static Size SizeOf(string file)
    {
        using SqliteConnection connection = new(file);
        connection.Open();
        using SqliteCommand select = connection.CreateCommand();
        // The file as it is once the log has been written back.
        select.CommandText = "SELECT (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size()), count(*), coalesce(sum(count), 0) FROM sheaf_commit";
        using SqliteDataReader reader = select.ExecuteReader();
        reader.Read();
        return new Size(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    private static async Task<Size> SizeOfAsync(NpgsqlDataSource source)
    {
        await using NpgsqlCommand select = source.CreateCommand(
            "SELECT pg_total_relation_size('sheaf_workflow') + pg_total_relation_size('sheaf_commit'), count(*), coalesce(sum(count), 0)::bigint FROM sheaf_commit");
        await using NpgsqlDataReader reader = await select.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new Size(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"sizing-{Interlocked.Increment(ref _runs)}");

    /// <summary>Of a journal as a whole, or of a workflow of it.</summary>
    private readonly record struct Size(double Bytes, double Commits, double Entries)
    {
        public static Size operator -(Size left, Size right) => new(left.Bytes - right.Bytes, left.Commits - right.Commits, left.Entries - right.Entries);

        public static Size operator /(Size size, int count) => new(size.Bytes / count, size.Commits / count, size.Entries / count);
    }
}
