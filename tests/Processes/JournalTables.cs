using Npgsql;

namespace Sheaf.Processes;

/// <summary>Reads the journal's tables with SQL of its own: what is judged by it takes no part in judging.</summary>
internal sealed class JournalTables(string connectionString) : IAsyncDisposable
{
    // A leaf runs something, and so has ends in the journal, one an attempt. What has its type's default is not written: child 0.0, kind
    // Worker, outcome Succeeded.
    private const string Counts =
        """
        WITH entries AS MATERIALIZED (SELECT sequence, kind, entry FROM sheaf_entry WHERE workflow_id = $1),
        leaves AS (SELECT coalesce(entry ->> 'child', '0.0') AS child FROM entries WHERE kind = 'start' AND coalesce(entry ->> 'kind', 'Worker') IN ('Worker', 'Step')),
        ends AS (
            SELECT sequence, coalesce(entry ->> 'child', '0.0') AS child, entry ->> 'attempt' AS attempt, coalesce(entry -> 'result' ->> 'kind', 'Succeeded') AS outcome
            FROM entries WHERE kind = 'ended'),
        losses AS (
            SELECT coalesce(d ->> 'child', '0.0') AS child, count(*) AS times
            FROM entries, json_array_elements(entry -> 'deliveries') d WHERE kind IN ('lost', 'owner-stopped') GROUP BY 1)
        SELECT (SELECT count(*) FROM leaves),
               (SELECT count(*) FROM leaves l WHERE NOT EXISTS (SELECT FROM ends e WHERE e.child = l.child)),
               (SELECT count(*) FROM ends e WHERE EXISTS (
                   SELECT FROM ends b WHERE b.child = e.child AND b.sequence < e.sequence AND (b.attempt = e.attempt OR b.outcome = 'Succeeded'))),
               (SELECT count(*) FROM ends WHERE outcome = 'Succeeded'),
               (SELECT count(*) FROM ends WHERE outcome = 'Failed'),
               (SELECT count(*) FROM losses),
               (SELECT coalesce(max(times), 0) FROM losses)
        """;

    private readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(connectionString);

    /// <summary>A workflow's row.</summary>
    public async Task<WorkflowRow> WorkflowAsync(string workflow)
    {
        WorkflowRow? row = await FindAsync(workflow);
        Assert.True(row is not null, $"There is no workflow '{workflow}' in the journal.");
        return row;
    }

    /// <summary>A workflow's row; null where there is none.</summary>
    public async Task<WorkflowRow?> FindAsync(string workflow)
    {
        await using NpgsqlCommand command = Command("SELECT owner, epoch, status, next_sequence FROM sheaf_workflow WHERE id = $1", workflow);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        if (!await row.ReadAsync(TestContext.Current.CancellationToken)) return null;
        return new WorkflowRow(row.IsDBNull(0) ? null : row.GetString(0), row.GetInt64(1), row.GetInt16(2) == 0, row.GetInt64(3));
    }

    /// <summary>What the entries of a workflow say of its workers and steps.</summary>
    public async Task<LeafCounts> LeavesAsync(string workflow)
    {
        await using NpgsqlCommand command = Command(Counts, workflow);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        await row.ReadAsync(TestContext.Current.CancellationToken);
        return new LeafCounts(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private NpgsqlCommand Command(string sql, string workflow)
    {
        NpgsqlCommand command = _database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = workflow });
        return command;
    }
}

/// <summary>A row of <c>sheaf_workflow</c>.</summary>
internal sealed record WorkflowRow(string? Owner, long Epoch, bool IsRunning, long Entries);

/// <summary>What a journal's entries say of a workflow's workers and steps.</summary>
/// <param name="Started">How many were started.</param>
/// <param name="WithoutEnd">Of these, how many have no end.</param>
/// <param name="EndedAgain">Ends that are one too many: their attempt had ended, or their child had succeeded.</param>
/// <param name="Succeeded">Ends that are successes.</param>
/// <param name="Failed">Ends that are failures.</param>
/// <param name="Lost">Children of which a delivery was lost.</param>
/// <param name="MostLost">The most deliveries that one child lost.</param>
internal sealed record LeafCounts(long Started, long WithoutEnd, long EndedAgain, long Succeeded, long Failed, long Lost, long MostLost);
