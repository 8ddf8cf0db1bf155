using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Sheaf.Journal;

/// <summary>A journal in one SQLite file: workflows on the embedded host survive their process.</summary>
/// <remarks>
/// <para>
/// Durable when an append returns: write-ahead log with <c>synchronous = FULL</c>, one fsync a commit. A torn last write is
/// dropped by SQLite itself. The file, its <c>-wal</c> and its <c>-shm</c> belong together; back it up with SQLite's
/// <c>.backup</c> or <c>VACUUM INTO</c>, not by copying it while it is in use.
/// </para>
/// <para>
/// Thread-safe. Calls block their thread for the time of the disk, as SQLite does. The tables make themselves and migrate
/// under the write lock. For people there is a view, <c>sheaf_entry</c>, one row an entry.
/// </para>
/// </remarks>
public sealed class SqliteJournal : IJournal, IDisposable
{
    private readonly string _connectionString;

    /// <summary>Writes go through one connection, one at a time: SQLite has one writer anyway.</summary>
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SqliteConnection _writer;

    /// <summary>Opens the journal, and makes or migrates its tables.</summary>
    /// <param name="connectionString">A connection string of Microsoft.Data.Sqlite, such as <c>Data Source=sheaf.db</c>.</param>
    /// <exception cref="ArgumentException">The connection string names no file.</exception>
    /// <exception cref="SqliteException">The file cannot be opened or is no database.</exception>
    /// <exception cref="InvalidOperationException">The file was written by a newer version.</exception>
    public SqliteJournal(string connectionString)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        SqliteConnectionStringBuilder builder = new(connectionString);
        if (builder.DataSource.Length == 0 || builder.DataSource == ":memory:" || builder.Mode == SqliteOpenMode.Memory)
        {
            throw new ArgumentException(
                $"'{connectionString}' names no file. Give one (Data Source=sheaf.db), or use MemoryJournal for workflows that need not outlive their process.", nameof(connectionString));
        }

        builder.ForeignKeys = true;
        _connectionString = builder.ToString();
        _writer = Open();
        SqliteSchema.Migrate(_writer);
    }

    /// <inheritdoc/>
    public Task<CreateResult> CreateAsync(WorkflowHeader header, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(header);
        return WriteAsync(transaction =>
        {
            using SqliteCommand insert = Command(
                transaction,
                "INSERT INTO sheaf_workflow (id, workflow, input, created_at, owner, epoch, status) VALUES ($id, $workflow, $input, $created, $owner, 1, 0) ON CONFLICT (id) DO NOTHING",
                ("$id", header.Id.Value),
                ("$workflow", header.Workflow),
                ("$input", header.Input),
                ("$created", header.CreatedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
                ("$owner", header.Owner));
            bool created = insert.ExecuteNonQuery() == 1;
            return new CreateResult(created, Find(transaction.Connection!, transaction, header.Id)!);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        return WriteAsync(transaction =>
        {
            using SqliteCommand update = Command(
                transaction, "UPDATE sheaf_workflow SET owner = $owner, epoch = epoch + 1 WHERE id = $id AND status = 0", ("$id", workflow.Value), ("$owner", owner));
            return update.ExecuteNonQuery() == 1 ? Find(transaction.Connection!, transaction, workflow) : null;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(commits);
        return WriteAsync<IReadOnlyList<AppendResult>>(
            transaction =>
            {
                using Appender appender = new(transaction);
                return [.. commits.Select(appender.Append)];
            }, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        using SqliteConnection connection = Open();
        using SqliteCommand select = connection.CreateCommand();
        select.CommandText =
            """
            SELECT c.first_sequence, c.count, c.body, w.epoch FROM sheaf_commit c JOIN sheaf_workflow w ON w.number = c.workflow
            WHERE w.id = $id AND c.first_sequence + c.count > $from ORDER BY c.first_sequence
            """;
        select.Parameters.AddWithValue("$id", workflow.Value);
        select.Parameters.AddWithValue("$from", fromSequence);
        using SqliteDataReader reader = select.ExecuteReader();
        while (reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new JournalCommit(workflow, reader.GetInt64(3), reader.GetInt64(0), reader.GetInt32(1), Encoding.UTF8.GetBytes(reader.GetString(2)));
        }
    }

    /// <inheritdoc/>
    public Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using SqliteConnection connection = Open();
        return Task.FromResult(Find(connection, null, workflow));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        using SqliteConnection connection = Open();
        using SqliteCommand select = connection.CreateCommand();
        select.CommandText = $"SELECT {Columns} FROM sheaf_workflow WHERE $status IS NULL OR status = $status ORDER BY number";
        select.Parameters.AddWithValue("$status", status is null ? DBNull.Value : (long)status);
        using SqliteDataReader reader = select.ExecuteReader();
        while (reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Header(reader);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _writer.Dispose();
        _writing.Dispose();
    }

    private const string Columns = "id, workflow, input, created_at, owner, epoch, status";

    private static WorkflowHeader? Find(SqliteConnection connection, SqliteTransaction? transaction, WorkflowId workflow)
    {
        using SqliteCommand select = connection.CreateCommand();
        select.Transaction = transaction;
        select.CommandText = $"SELECT {Columns} FROM sheaf_workflow WHERE id = $id";
        select.Parameters.AddWithValue("$id", workflow.Value);
        using SqliteDataReader reader = select.ExecuteReader();
        return reader.Read() ? Header(reader) : null;
    }

    private static WorkflowHeader Header(SqliteDataReader reader) => new()
    {
        Id = reader.GetString(0),
        Workflow = reader.GetString(1),
        Input = reader.GetString(2),
        CreatedAt = DateTimeOffset.Parse(reader.GetString(3), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
        Owner = reader.IsDBNull(4) ? null : reader.GetString(4),
        Epoch = reader.GetInt64(5),
        Status = (WorkflowStatus)reader.GetInt32(6),
    };

    private static SqliteCommand Command(SqliteTransaction transaction, string text, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        SqliteCommand command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = text;
        foreach ((string name, object? value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private async Task<T> WriteAsync<T>(Func<SqliteTransaction, T> write, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using SqliteTransaction transaction = _writer.BeginTransaction(deferred: false);
            T result = write(transaction);
            transaction.Commit();
            return result;
        }
        finally
        {
            _writing.Release();
        }
    }

    private SqliteConnection Open()
    {
        SqliteConnection connection = new(_connectionString);
        try
        {
            connection.Open();
            using SqliteCommand pragmas = connection.CreateCommand();
            pragmas.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
            pragmas.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Appends the commits of one transaction with commands that are prepared once.</summary>
    private sealed class Appender : IDisposable
    {
        private readonly SqliteCommand _advance;
        private readonly SqliteCommand _insert;

        public Appender(SqliteTransaction transaction)
        {
            // The test of epoch and sequence and the claim on the next numbers are one statement, inside the write lock.
            _advance = Command(
                transaction,
                """
                UPDATE sheaf_workflow
                SET next_sequence = next_sequence + $count, status = coalesce($ends, status), owner = CASE WHEN $ends IS NULL THEN owner END
                WHERE id = $id AND epoch = $epoch AND next_sequence = $first AND status = 0
                RETURNING number
                """,
                ("$id", null), ("$epoch", null), ("$first", null), ("$count", null), ("$ends", null));
            _insert = Command(
                transaction, "INSERT INTO sheaf_commit (workflow, first_sequence, count, body) VALUES ($workflow, $first, $count, $body)", ("$workflow", null), ("$first", null), ("$count", null), ("$body", null));
        }

        public AppendResult Append(JournalCommit commit)
        {
            _advance.Parameters["$id"].Value = commit.Workflow.Value;
            _advance.Parameters["$epoch"].Value = commit.Epoch;
            _advance.Parameters["$first"].Value = commit.FirstSequence;
            _advance.Parameters["$count"].Value = commit.Count;
            _advance.Parameters["$ends"].Value = commit.EndsAs is { } status ? (long)status : DBNull.Value;
            if (_advance.ExecuteScalar() is not long number) return AppendResult.Stale;
            _insert.Parameters["$workflow"].Value = number;
            _insert.Parameters["$first"].Value = commit.FirstSequence;
            _insert.Parameters["$count"].Value = commit.Count;
            _insert.Parameters["$body"].Value = Encoding.UTF8.GetString(commit.Body.Span);
            _insert.ExecuteNonQuery();
            return AppendResult.Accepted;
        }

        public void Dispose()
        {
            _advance.Dispose();
            _insert.Dispose();
        }
    }
}
