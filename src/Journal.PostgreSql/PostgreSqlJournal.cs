using System.Runtime.CompilerServices;
using Npgsql;

namespace Sheaf.Journal;

/// <summary>A journal in PostgreSQL: workflows survive their process, and several processes share them.</summary>
/// <remarks>
/// <para>
/// Durable when an append returns, as far as the server is: one transaction an append, and <c>synchronous_commit</c> is
/// left as the server, the database or the role has it. With its default, <c>on</c>, what was accepted survives a crash of
/// the server, and of the standbys that <c>synchronous_standby_names</c> lists. With <c>off</c> a crash may take the last
/// moments of accepted commits, although workers have acted on them: do not use that. With asynchronous replication the
/// same is true of a failover.
/// </para>
/// <para>
/// Thread-safe; a call takes a connection from the pool for its time, and a reading or a listing for as long as it is
/// enumerated. The tables make themselves and migrate, under an advisory lock, before the first call or by
/// <see cref="MigrateAsync"/>. For people there are views: <c>sheaf_entry</c>, one row an entry, and <c>sheaf_header</c>.
/// </para>
/// <para>
/// Where no schema is given the tables are in the one that the connection's search path resolves to when the journal is first
/// used, as <c>current_schema()</c> has it: that of <c>Search Path</c> in the connection string, or of the role, or of the database. With
/// PostgreSQL's own, <c>"$user", public</c>, it is <c>public</c>, whether or not there is a schema of the user's name. A schema that is given is made where it is
/// missing, one of the search path is not.
/// </para>
/// <para>
/// What the driver throws (<see cref="NpgsqlException"/>) is passed on. Deadlocks and serialization failures are tried again
/// first, up to 100 times: the server has then written nothing. After any other error of a call that writes, and after its
/// cancellation, nobody knows whether it was written (rule D5). Broken connections leave the pool, so that a call after the
/// server's restart works; and all of them after a write that a server refuses because it is read-only, so that a call after a
/// failover looks for the new primary. With several hosts in the connection string, say <c>Target Session Attributes=primary</c>.
/// </para>
/// <para>
/// A host whose user may not make tables finds them made by <see cref="MigrateAsync"/> as another user, who then grants to it
/// what the error of the first call lists. Behind a pooler that gives each transaction another session (PgBouncer's
/// transaction mode), say <c>Max Auto Prepare=0</c>.
/// </para>
/// <para>
/// PostgreSQL 15 is what it is tested with. Where the server has lz4, commits are stored compressed. Statements want the
/// isolation level <c>read committed</c>, the server's default; with a stricter <c>default_transaction_isolation</c> they are
/// right too, but have to be tried again where they meet.
/// </para>
/// </remarks>
public sealed class PostgreSqlJournal : IJournal, IAsyncDisposable, IDisposable
{
    private readonly NpgsqlDataSource _dataSource;

    /// <summary>Whether the data source was made here, and ends with the journal.</summary>
    private readonly bool _owned;

    /// <summary>As it was given; null for that of the search path.</summary>
    private readonly string? _schema;
    private readonly SemaphoreSlim _migrating = new(1, 1);

    /// <summary>Null until this journal has seen the schema at its version. One that could not be reached is asked for again.</summary>
    private volatile PostgreSqlStatements? _sql;

    /// <summary>Set with <see cref="_sql"/>.</summary>
    private JournalPlace? _place;

    /// <summary>Makes a journal with a pool of connections of its own. Connects when it is first used.</summary>
    /// <param name="connectionString">A connection string of Npgsql. Where it says nothing of <c>Max Auto Prepare</c>, statements are prepared; say <c>Max Auto Prepare=0</c> behind a pooler that cannot take that.</param>
    /// <param name="schema">The schema of the tables; made if it is not there. Without one they are in that of the search path, see the remarks. Journals in different schemas know nothing of each other.</param>
    /// <exception cref="ArgumentException">The connection string is none, or the schema's name is empty or longer than 63 bytes.</exception>
    public PostgreSqlJournal(string connectionString, string? schema = null)
        : this(CreateDataSource(connectionString), schema) => _owned = true;

    /// <summary>Makes a journal on a data source, which stays its maker's. Connects when it is first used.</summary>
    /// <param name="dataSource">The data source. Let it prepare statements (<c>Max Auto Prepare</c>, at least 10), or appends take longer.</param>
    /// <param name="schema">The schema of the tables; made if it is not there. Without one they are in that of the search path, see the remarks. Journals in different schemas know nothing of each other.</param>
    /// <exception cref="ArgumentException">The schema's name is empty or longer than 63 bytes.</exception>
    public PostgreSqlJournal(NpgsqlDataSource dataSource, string? schema = null)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        if (schema is not null) ArgumentException.ThrowIfNullOrEmpty(schema);
        if (schema is not null && System.Text.Encoding.UTF8.GetByteCount(schema) > PostgreSqlSchema.MaxNameLength)
            throw new ArgumentException($"The schema's name '{schema}' is too long: at most {PostgreSqlSchema.MaxNameLength} bytes.", nameof(schema));
        _dataSource = dataSource;
        _schema = schema;
    }

    /// <summary>Makes or migrates the tables, unless that is done. Safe to be called by several processes at once.</summary>
    /// <param name="cancellationToken">Gives up; the tables are then as they were, or done.</param>
    /// <exception cref="InvalidOperationException">The tables were written by a newer version, or no schema of the search path exists.</exception>
    /// <exception cref="NpgsqlException">The server cannot be reached, or refuses.</exception>
    public Task MigrateAsync(CancellationToken cancellationToken = default) => StatementsAsync(cancellationToken).AsTask();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(commits);
        cancellationToken.ThrowIfCancellationRequested();
        if (commits.Count == 0) return [];
        if (commits is [{ Creates: null } single])
            return [(AppendResult)await ExecuteAsync((sql, command) => sql.AppendOne(command, single), ScalarAsync<short>, cancellationToken).ConfigureAwait(false)];
        if (commits is [{ Creates: { } header, Epoch: 1, FirstSequence: 0 } creation])
        {
            long made = await ExecuteAsync((sql, command) => sql.Create(command, creation, header), ScalarAsync<long>, cancellationToken).ConfigureAwait(false);
            return [made == 1 ? AppendResult.Accepted : AppendResult.Taken];
        }

        AppendBatch batch = new(commits);
        short[] results = await ExecuteAsync((sql, command) => sql.Append(command, batch), ScalarAsync<short[]>, cancellationToken).ConfigureAwait(false);
        return Array.ConvertAll(results, result => (AppendResult)result);
    }

    /// <inheritdoc/>
    public async Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        return (await ExecuteAsync((sql, command) => sql.Claim(command, workflow, owner), HeadersAsync, cancellationToken).ConfigureAwait(false)).SingleOrDefault();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(liveOwners);
        ArgumentException.ThrowIfNullOrEmpty(owner);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return await ExecuteAsync((sql, command) => sql.ClaimAbandoned(command, [.. liveOwners], owner, limit), HeadersAsync, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        return ExecuteAsync((sql, command) => sql.Release(command, owner), (command, token) => command.ExecuteNonQueryAsync(token), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<OwnedWorkflow>> FindOwnedAsync(string owner, DateTimeOffset dueBy, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        return await ExecuteAsync((sql, command) => sql.FindOwned(command, owner, dueBy), (command, token) => RowsAsync(command, row => new OwnedWorkflow(row.GetString(0), row.GetInt64(1)), token), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>Commits come as the server sends them: a long journal is never in memory whole.</remarks>
    public IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, CancellationToken cancellationToken = default) =>
        StreamAsync(
            (sql, command) => sql.Read(command, workflow, fromSequence),
            row => new JournalCommit(workflow, row.GetInt64(3), row.GetInt64(0), row.GetInt32(1), row.GetFieldValue<byte[]>(2)),
            cancellationToken);

    /// <inheritdoc/>
    public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default) =>
        ExecuteAsync((sql, command) => sql.Trim(command, workflow, beforeSequence), (command, token) => command.ExecuteNonQueryAsync(token), cancellationToken);

    /// <inheritdoc/>
    public async Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default) =>
        (await ExecuteAsync((sql, command) => sql.Find(command, workflow), HeadersAsync, cancellationToken).ConfigureAwait(false)).SingleOrDefault();

    /// <inheritdoc/>
    /// <remarks>Headers come as the server sends them, and are those of the moment when the listing began.</remarks>
    public IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) =>
        StreamAsync((sql, command) => sql.List(command, status), PostgreSqlStatements.Header, cancellationToken);

    /// <inheritdoc/>
    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return ExecuteAsync((sql, command) => sql.Purge(command, endedBefore, limit), (command, token) => command.ExecuteNonQueryAsync(token), cancellationToken);
    }

    /// <summary>Closes the connections, if the journal made its data source. Calls that are under way fail.</summary>
    public async ValueTask DisposeAsync()
    {
        _migrating.Dispose();
        if (_owned) await _dataSource.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose()
    {
        _migrating.Dispose();
        if (_owned) _dataSource.Dispose();
    }

    private static NpgsqlDataSource CreateDataSource(string connectionString)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        NpgsqlDataSourceBuilder builder = new(connectionString);
        NpgsqlConnectionStringBuilder settings = builder.ConnectionStringBuilder;
        if (!settings.ShouldSerialize("Max Auto Prepare"))
        {
            settings.MaxAutoPrepare = 20;
            settings.AutoPrepareMinUsages = 2;
        }

        return builder.Build();
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlCommand command, CancellationToken cancellationToken) =>
        (T)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;

    private static Task<List<WorkflowHeader>> HeadersAsync(NpgsqlCommand command, CancellationToken cancellationToken) => RowsAsync(command, PostgreSqlStatements.Header, cancellationToken);

    private static async Task<List<T>> RowsAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken)
    {
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable readerEnds = reader.ConfigureAwait(false);
        List<T> rows = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) rows.Add(row(reader));
        return rows;
    }

    /// <summary>The statements for the schema, once its tables are there.</summary>
    private async ValueTask<PostgreSqlStatements> StatementsAsync(CancellationToken cancellationToken)
    {
        if (_sql is { } known) return known;
        await _migrating.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_sql is { } made) return made;
            _place = await GuardAsync(() => PostgreSqlSchema.MigrateAsync(_dataSource, _schema, cancellationToken)).ConfigureAwait(false);
            return _sql = new PostgreSqlStatements(PostgreSqlSchema.Quote(_place.Schema));
        }
        finally
        {
            _migrating.Release();
        }
    }

    /// <summary>Asks the server. What it refuses until somebody changes something is thrown with the remedy.</summary>
    private async Task<T> GuardAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (PostgresException error)
        {
            // The server has become a standby, and sessions stay with it: the next attempt is to look for one that takes writes.
            if (error.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction) _dataSource.Clear();
            if (PostgreSqlErrors.Explain(error, _place) is { } explained) throw explained;
            throw;
        }
    }

    /// <summary>One statement, and with it one transaction; again where the server says that it was another's turn.</summary>
    private async Task<T> ExecuteAsync<T>(Action<PostgreSqlStatements, NpgsqlCommand> prepare, Func<NpgsqlCommand, CancellationToken, Task<T>> execute, CancellationToken cancellationToken)
    {
        // Under read committed one is enough. Where the server's default is stricter, each takeover costs whom it meets a try.
        const int MaxTries = 100;
        cancellationToken.ThrowIfCancellationRequested();
        PostgreSqlStatements sql = await StatementsAsync(cancellationToken).ConfigureAwait(false);
        NpgsqlCommand command = _dataSource.CreateCommand();
        await using ConfiguredAsyncDisposable commandEnds = command.ConfigureAwait(false);
        prepare(sql, command);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await GuardAsync(() => execute(command, cancellationToken)).ConfigureAwait(false);
            }
            catch (PostgresException error) when (attempt < MaxTries && error.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure)
            {
                // Rolled back, so nothing was written, and the other has gone on: no wait is needed.
            }
        }
    }

    private async IAsyncEnumerable<T> StreamAsync<T>(Action<PostgreSqlStatements, NpgsqlCommand> prepare, Func<NpgsqlDataReader, T> row, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PostgreSqlStatements sql = await StatementsAsync(cancellationToken).ConfigureAwait(false);
        NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable connectionEnds = connection.ConfigureAwait(false);
        NpgsqlCommand command = connection.CreateCommand();
        await using ConfiguredAsyncDisposable commandEnds = command.ConfigureAwait(false);
        prepare(sql, command);
        NpgsqlDataReader reader = await GuardAsync(() => command.ExecuteReaderAsync(cancellationToken)).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable readerEnds = reader.ConfigureAwait(false);
        bool left = false;
        try
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                left = true;
                yield return row(reader);
                left = false;
            }
        }
        finally
        {
            // Else the reader would fetch the rest before it closes. This returns when the server has been told, so that it is
            // not the connection's next command that ends.
            if (left) command.Cancel();
        }
    }
}
