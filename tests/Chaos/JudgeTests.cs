using Npgsql;
using Sheaf.Journal;
using Sheaf.PostgreSql;
using Sheaf.Processes;

namespace Sheaf.Chaos;

/// <summary>That the judge of the others sees what is wrong in a journal's rows.</summary>
public sealed class JudgeTests
{
    private const string Step = """{"$":"start","kind":"Step","name":"a"}""";
    private const string Worker = """{"$":"start","child":"1.0","name":"b","worker":"b/v1"}""";
    private const string Group = """{"$":"start","child":"0.1","kind":"Group","name":"g"}""";
    private const string StepEnded = """{"$":"ended","attempt":1,"delivery":1,"result":{}}""";
    private const string FirstFailed = """{"$":"ended","child":"1.0","attempt":1,"delivery":1,"result":{"kind":"Failed"}}""";
    private const string SecondSucceeded = """{"$":"ended","child":"1.0","attempt":2,"delivery":3,"result":{}}""";
    private const string ThirdFailed = """{"$":"ended","child":"1.0","attempt":3,"delivery":4,"result":{"kind":"Failed"}}""";
    private const string WorkerLost = """{"$":"lost","deliveries":[{"child":"1.0","number":2}]}""";

    [Fact]
    public async Task Rows_WithEndsMissingOrTooMany_AreCounted()
    {
        Assert.SkipWhen(PostgreSqlServer.Missing is not null, PostgreSqlServer.Missing ?? "");
        await using PostgreSqlServer server = await PostgreSqlServer.StartAsync();
        string database = await server.CreateDatabaseAsync();
        await using (PostgreSqlJournal journal = new(database)) await journal.MigrateAsync(TestContext.Current.CancellationToken);
        await using var tables = new JournalTables(database);
        Assert.Null(await tables.FindAsync("none"));

        await WriteAsync(database, "right", Step, Group, Worker, StepEnded, FirstFailed, WorkerLost, SecondSucceeded);
        Assert.Equal(new LeafCounts(Started: 2, WithoutEnd: 0, EndedAgain: 0, Succeeded: 2, Failed: 1, Lost: 1, MostLost: 1), await tables.LeavesAsync("right"));
        Assert.Equal(new WorkflowRow("silo", Epoch: 1, IsRunning: true, Entries: 7), await tables.WorkflowAsync("right"));

        await WriteAsync(database, "without", Step, Group, Worker, FirstFailed);
        Assert.Equal(new LeafCounts(Started: 2, WithoutEnd: 1, EndedAgain: 0, Succeeded: 0, Failed: 1, Lost: 0, MostLost: 0), await tables.LeavesAsync("without"));

        // Of one attempt twice, of a first child twice, and after a success.
        await WriteAsync(database, "again", Step, Worker, StepEnded, StepEnded, FirstFailed, FirstFailed, SecondSucceeded, ThirdFailed);
        Assert.Equal(3, (await tables.LeavesAsync("again")).EndedAgain);
    }

    private static async Task WriteAsync(string database, string workflow, params string[] entries)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(database);
        await using NpgsqlCommand command = source.CreateCommand(
            """
            WITH made AS (
                INSERT INTO sheaf_workflow (id, workflow, input, created_at, owner, epoch, status, next_sequence)
                VALUES ($1, 'w/v1', '{}', 0, 'silo', 1, 0, $3) RETURNING number)
            INSERT INTO sheaf_commit (workflow, first_sequence, count, body) SELECT number, 0, $3, $2 FROM made
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = workflow });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"[{string.Join(',', entries)}]" });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = entries.Length });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
