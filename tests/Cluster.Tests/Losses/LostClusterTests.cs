using Microsoft.Data.Sqlite;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Journal;
using Sheaf.PostgreSql;

[assembly: AssemblyFixture(typeof(PostgreSqlFixture))]

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>D4: what the journal has is what there is.</summary>
public sealed class LostClusterTests(PostgreSqlFixture postgreSql)
{
    [Fact]
    [Trait("Rule", "D4")]
    public Task Kill_AllSilos_ANewClusterOnTheJournalGoesOn_Memory() => GoesOnAsync(new MemoryJournal());

    [Fact]
    [Trait("Rule", "D4")]
    public async Task Kill_AllSilos_ANewClusterOnTheJournalGoesOn_Sqlite()
    {
        string folder = Directory.CreateTempSubdirectory("sheaf-cluster").FullName;
        try
        {
            using SqliteJournal journal = new($"Data Source={Path.Combine(folder, "sheaf.db")}");
            await GoesOnAsync(journal);
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    [Trait("Rule", "D4")]
    public async Task Kill_AllSilos_ANewClusterOnTheJournalGoesOn_PostgreSql()
    {
        await using PostgreSqlJournal journal = new(await postgreSql.Server.CreateDatabaseAsync());
        await GoesOnAsync(journal);
    }

    private static async Task GoesOnAsync(IJournal journal)
    {
        Field field = new();
        WorkflowId id;
        await using (FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Journal = journal }, field))
        {
            id = await cluster.SowAsync(cluster.Silos[0], new Rows(20, Gate: "late"));
            await field.StartedAsync(20);
            for (int i = 0; i < 5; i++) field.Open("late", i);
            int ended = 0;
            await foreach (WorkflowEvent seen in cluster.Client.WatchAsync(id))
            {
                if (seen.Kind == WorkflowEventKind.ChildEnded && ++ended == 5) break;
            }
        }

        int before = field.Starts.Count;
        await using FieldCluster next = await FieldCluster.StartAsync(new Wanted { Journal = journal }, field);
        // Without a client that asks for it.
        await field.StartedAsync(before + 15);
        field.Open("late");
        Assert.Equal(20 * 19 / 2, await next.ResultAsync(id));
        Assert.Equal(before + 15, field.Starts.Count);
        await next.EventsAsync(id);
    }
}
