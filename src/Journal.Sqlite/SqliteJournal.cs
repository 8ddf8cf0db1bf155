using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
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

    // Null where others may open it too.
    private readonly FileLock? _lock;

    /// <summary>Opens the journal, and makes or migrates its tables.</summary>
    /// <param name="connectionString">A connection string of Microsoft.Data.Sqlite, such as <c>Data Source=sheaf.db</c>.</param>
    /// <exception cref="ArgumentException">The connection string names no file.</exception>
    /// <exception cref="IOException">The file cannot be opened; the message names it.</exception>
    /// <exception cref="SqliteException">The file is no database.</exception>
    /// <exception cref="InvalidOperationException">The file was written by a newer version.</exception>
    public SqliteJournal(string connectionString)
        : this(connectionString, isForOneHost: false)
    {
    }

    private SqliteJournal(string connectionString, bool isForOneHost)
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
        try
        {
            // By its full path: two ways to one file have one lock.
            if (isForOneHost) _lock = new FileLock(Path.GetFullPath(_writer.DataSource));
            SqliteSchema.Migrate(_writer);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens the journal for one host, as <c>UseEmbedded("Data Source=…")</c> does: until it is disposed of or the process ends, nobody else
    /// opens it so. A second host would take the workflows of the first over.
    /// </summary>
    /// <param name="connectionString">As for the constructor.</param>
    /// <returns>The journal. Beside its file is an empty one, with <c>.lock</c> after the name, which stays.</returns>
    /// <inheritdoc cref="SqliteJournal(string)" path="/exception"/>
    /// <exception cref="InvalidOperationException">Another host has it, or the file was written by a newer version.</exception>
    public static SqliteJournal OpenForOneHost(string connectionString) => new(connectionString, isForOneHost: true);

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
    public Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(liveOwners);
        ArgumentException.ThrowIfNullOrEmpty(owner);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        string alive = JsonSerializer.Serialize(liveOwners);
        return WriteAsync<IReadOnlyList<WorkflowHeader>>(transaction =>
        {
            using SqliteCommand update = Command(
                transaction,
                $"""
                UPDATE sheaf_workflow SET owner = $owner, epoch = epoch + 1
                WHERE number IN (
                    SELECT number FROM sheaf_workflow
                    WHERE status = 0 AND (owner IS NULL OR owner NOT IN (SELECT value FROM json_each($alive))) ORDER BY number LIMIT $limit)
                RETURNING number, {Columns}
                """,
                ("$owner", owner),
                ("$alive", alive),
                ("$limit", limit));
            using SqliteDataReader reader = update.ExecuteReader();
            // What RETURNING gives has no order.
            List<(long Number, WorkflowHeader Header)> claimed = [];
            while (reader.Read()) claimed.Add((reader.GetInt64(0), Header(reader, first: 1)));
            return [.. claimed.OrderBy(row => row.Number).Select(row => row.Header)];
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        return WriteAsync(transaction =>
        {
            using SqliteCommand update = Command(transaction, "UPDATE sheaf_workflow SET owner = NULL, epoch = epoch + 1 WHERE owner = $owner AND status = 0", ("$owner", owner));
            return update.ExecuteNonQuery();
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<OwnedWorkflow>> FindOwnedAsync(string owner, DateTimeOffset dueBy, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        cancellationToken.ThrowIfCancellationRequested();
        using SqliteConnection connection = Open();
        using SqliteCommand select = connection.CreateCommand();
        // By the index of those that run: a file has one owner, so that nearly all of them are its.
        select.CommandText = "SELECT id, epoch FROM sheaf_workflow WHERE status = 0 AND owner = $owner AND (wakes_at IS NULL OR wakes_at <= $due) ORDER BY number";
        select.Parameters.AddWithValue("$owner", owner);
        select.Parameters.AddWithValue("$due", Text(dueBy));
        using SqliteDataReader reader = select.ExecuteReader();
        List<OwnedWorkflow> owned = [];
        while (reader.Read()) owned.Add(new OwnedWorkflow(reader.GetString(0), reader.GetInt64(1)));
        return Task.FromResult<IReadOnlyList<OwnedWorkflow>>(owned);
    }

    /// <inheritdoc/>
    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return WriteAsync(transaction =>
        {
            // Its entries go with it, by the foreign key.
            using SqliteCommand delete = Command(
                transaction,
                "DELETE FROM sheaf_workflow WHERE number IN (SELECT number FROM sheaf_workflow WHERE ended_at < $before ORDER BY ended_at LIMIT $limit)",
                ("$before", Text(endedBefore)),
                ("$limit", limit));
            return delete.ExecuteNonQuery();
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
            WHERE w.id = $id AND c.first_sequence + c.count > $from
                -- The index finds the commit that holds the entry; the test above leaves it out where it ends before.
                AND c.first_sequence >= coalesce((SELECT max(first_sequence) FROM sheaf_commit WHERE workflow = w.number AND first_sequence <= $from), 0)
            ORDER BY c.first_sequence
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
    public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default) => WriteAsync(
        transaction =>
        {
            using SqliteCommand delete = Command(
                transaction,
                "DELETE FROM sheaf_commit WHERE workflow = (SELECT number FROM sheaf_workflow WHERE id = $id) AND first_sequence + count <= $before",
                ("$id", workflow.Value),
                ("$before", beforeSequence));
            return delete.ExecuteNonQuery();
        }, cancellationToken);

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
        _lock?.Dispose();
    }

    /// <summary>SQLITE_CANTOPEN.</summary>
    private const int CannotOpen = 14;

    private const string Columns = "id, workflow, input, created_at, owner, epoch, status, ended_at, wakes_at";

    private static WorkflowHeader? Find(SqliteConnection connection, SqliteTransaction? transaction, WorkflowId workflow)
    {
        using SqliteCommand select = connection.CreateCommand();
        select.Transaction = transaction;
        select.CommandText = $"SELECT {Columns} FROM sheaf_workflow WHERE id = $id";
        select.Parameters.AddWithValue("$id", workflow.Value);
        using SqliteDataReader reader = select.ExecuteReader();
        return reader.Read() ? Header(reader) : null;
    }

    private static WorkflowHeader Header(SqliteDataReader reader, int first = 0) => new()
    {
        Id = reader.GetString(first),
        Workflow = reader.GetString(first + 1),
        Input = reader.GetString(first + 2),
        CreatedAt = Instant(reader.GetString(first + 3)),
        Owner = reader.IsDBNull(first + 4) ? null : reader.GetString(first + 4),
        Epoch = reader.GetInt64(first + 5),
        Status = (WorkflowStatus)reader.GetInt32(first + 6),
        EndedAt = reader.IsDBNull(first + 7) ? null : Instant(reader.GetString(first + 7)),
        WakesAt = reader.IsDBNull(first + 8) ? null : Instant(reader.GetString(first + 8)),
    };

    /// <summary>As text whose order is that of time.</summary>
    private static string Text(DateTimeOffset instant) => instant.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);

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
        catch (SqliteException error) when (error.SqliteErrorCode == CannotOpen)
        {
            connection.Dispose();
            throw new IOException(Explain(connection.DataSource, error), error);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>SQLite says neither which file it is nor what is the matter with it.</summary>
    private static string Explain(string file, SqliteException error)
    {
        string path = Path.GetFullPath(file);
        string remedy = Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder) ? $"The folder '{folder}' does not exist: create it, or correct 'Data Source'."
            : Directory.Exists(path) ? "That is a folder: add the name of a file to 'Data Source'."
            : "This process must be able to read and write it, and to make files in its folder; with 'Mode=ReadWrite' it must be there already.";
        return $"The journal's file '{path}' cannot be opened ({error.Message}). {remedy}";
    }

    /// <summary>Appends the commits of one transaction with commands that are prepared once.</summary>
    private sealed class Appender : IDisposable
    {
        private readonly SqliteCommand _create;
        private readonly SqliteCommand _advance;
        private readonly SqliteCommand _insert;

        public Appender(SqliteTransaction transaction)
        {
            _create = Command(
                transaction,
                "INSERT INTO sheaf_workflow (id, workflow, input, created_at, owner, epoch, status) VALUES ($id, $workflow, $input, $created, $owner, 1, 0) ON CONFLICT (id) DO NOTHING",
                ("$id", null), ("$workflow", null), ("$input", null), ("$created", null), ("$owner", null));
            // The test of epoch and sequence and the claim on the next numbers are one statement, inside the write lock.
            _advance = Command(
                transaction,
                """
                UPDATE sheaf_workflow
                SET next_sequence = next_sequence + $count, status = coalesce($ends, status), ended_at = $ended, owner = CASE WHEN $ends IS NULL THEN owner END, wakes_at = $wakes
                WHERE id = $id AND epoch = $epoch AND next_sequence = $first AND status = 0
                RETURNING number
                """,
                ("$id", null), ("$epoch", null), ("$first", null), ("$count", null), ("$ends", null), ("$ended", null), ("$wakes", null));
            _insert = Command(
                transaction, "INSERT INTO sheaf_commit (workflow, first_sequence, count, body) VALUES ($workflow, $first, $count, $body)", ("$workflow", null), ("$first", null), ("$count", null), ("$body", null));
        }

        public AppendResult Append(JournalCommit commit)
        {
            if (commit.Creates is { } header && !TryCreate(header)) return AppendResult.Taken;
            _advance.Parameters["$id"].Value = commit.Workflow.Value;
            _advance.Parameters["$epoch"].Value = commit.Epoch;
            _advance.Parameters["$first"].Value = commit.FirstSequence;
            _advance.Parameters["$count"].Value = commit.Count;
            _advance.Parameters["$ends"].Value = commit.EndsAs is { } status ? (long)status : DBNull.Value;
            _advance.Parameters["$ended"].Value = commit.EndedAt is { } endedAt ? Text(endedAt) : DBNull.Value;
            _advance.Parameters["$wakes"].Value = commit.WakesAt is { } wakesAt ? Text(wakesAt) : DBNull.Value;
            if (_advance.ExecuteScalar() is not long number) return AppendResult.Stale;
            if (commit.Count == 0) return AppendResult.Accepted;
            _insert.Parameters["$workflow"].Value = number;
            _insert.Parameters["$first"].Value = commit.FirstSequence;
            _insert.Parameters["$count"].Value = commit.Count;
            _insert.Parameters["$body"].Value = Encoding.UTF8.GetString(commit.Body.Span);
            _insert.ExecuteNonQuery();
            return AppendResult.Accepted;
        }

        private bool TryCreate(WorkflowHeader header)
        {
            _create.Parameters["$id"].Value = header.Id.Value;
            _create.Parameters["$workflow"].Value = header.Workflow;
            _create.Parameters["$input"].Value = header.Input;
            _create.Parameters["$created"].Value = Text(header.CreatedAt);
            _create.Parameters["$owner"].Value = (object?)header.Owner ?? DBNull.Value;
            return _create.ExecuteNonQuery() == 1;
        }

        public void Dispose()
        {
            _create.Dispose();
            _advance.Dispose();
            _insert.Dispose();
        }
    }
}
