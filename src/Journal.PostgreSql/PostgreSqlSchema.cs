using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using ConfiguredAsyncDisposable = System.Runtime.CompilerServices.ConfiguredAsyncDisposable;

namespace Sheaf.Journal;

/// <summary>The tables, their version, and the way from one version to the next.</summary>
internal static class PostgreSqlSchema
{
    /// <summary>The longest name of a schema, in bytes: the server would cut a longer one.</summary>
    public const int MaxNameLength = 63;

    /// <summary>The version that this code knows: the number of the last script in <c>Migrations</c>.</summary>
    private const int Version = 2;

    /// <summary>PostgreSQL's own search path. Whether a schema of the user's name is there may change, as journals make schemas: it does not count.</summary>
    private const string DefaultSearchPath = "\"$user\", public";

    /// <summary>Brings a schema to this version. Several processes may try: an advisory lock a schema lets one at a time.</summary>
    /// <param name="dataSource">The database.</param>
    /// <param name="given">The schema; null for that of the search path.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The schema, and as whom the journal works in it.</returns>
    /// <exception cref="InvalidOperationException">The schema is of a newer version, or the search path has none.</exception>
    public static async Task<JournalPlace> MigrateAsync(NpgsqlDataSource dataSource, string? given, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable connectionEnds = connection.ConfigureAwait(false);
        JournalPlace place = await FindPlaceAsync(connection, given, cancellationToken).ConfigureAwait(false);
        string what = "the journal's tables";
        try
        {
            // The usual case takes no lock and needs no right to create anything.
            int version = await FindVersionAsync(connection, place.Schema, cancellationToken).ConfigureAwait(false);
            if (version == Version) return place;
            if (version != 0) what += string.Create(CultureInfo.InvariantCulture, $" of version {version} into those of version {Version}");
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw PostgreSqlErrors.CannotUse(error, place);
        }

        try
        {
            await MigrateAsync(connection, place.Schema, cancellationToken).ConfigureAwait(false);
            return place;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw PostgreSqlErrors.CannotMigrate(error, what, place);
        }
    }

    /// <summary>The name as it stands in SQL.</summary>
    public static string Quote(string schema) => $"\"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static async Task MigrateAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        // Whatever the default of the server: after the wait for the lock, what the one before has made must be visible.
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable transactionEnds = transaction.ConfigureAwait(false);
        await ExecuteAsync(connection, "SELECT pg_advisory_xact_lock(hashtextextended('sheaf journal ' || $1, 0))", schema, cancellationToken).ConfigureAwait(false);
        int version = await FindVersionAsync(connection, schema, cancellationToken).ConfigureAwait(false);
        if (version > Version)
        {
            throw new InvalidOperationException(
                $"The journal in schema '{schema}' of database '{connection.Database}' has schema version {version}; this version of Sheaf knows {Version}. Use the Sheaf that wrote it, or a newer one.");
        }

        string quoted = Quote(schema);
        if (version == 0)
        {
            // IF NOT EXISTS asks for the right to create even where there is nothing to create.
            if (!await ExistsAsync(connection, schema, cancellationToken).ConfigureAwait(false)) await ExecuteAsync(connection, $"CREATE SCHEMA {quoted}", null, cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(connection, $"CREATE TABLE {quoted}.sheaf_schema (version integer NOT NULL); INSERT INTO {quoted}.sheaf_schema VALUES (0)", null, cancellationToken).ConfigureAwait(false);
        }

        // Scripts name their tables without a schema. Functions keep this path (SET search_path FROM CURRENT), in which a
        // temporary table hides nothing.
        await ExecuteAsync(connection, $"SET LOCAL search_path = {quoted}, pg_temp", null, cancellationToken).ConfigureAwait(false);
        for (int next = version + 1; next <= Version; next++)
            await ExecuteAsync(connection, await ReadScriptAsync(next, cancellationToken).ConfigureAwait(false), null, cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"UPDATE sheaf_schema SET version = {Version}"), null, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The schema that is given, or else that in which the connection makes tables.</summary>
    private static async Task<JournalPlace> FindPlaceAsync(NpgsqlConnection connection, string? given, CancellationToken cancellationToken)
    {
        const string Ask = "SELECT ARRAY[current_user::text, current_setting('search_path'), current_schema()::text]";
        var answer = (string?[])(await ExecuteAsync(connection, Ask, null, cancellationToken).ConfigureAwait(false))!;
        (string user, string path) = (answer[0]!, answer[1]!);
        string schema = given ?? (path == DefaultSearchPath ? "public" : answer[2])
            ?? throw new InvalidOperationException(
                $"The search path '{path}' names no schema of database '{connection.Database}' that exists and that the user '{user}' may use, so that there is no place for the journal. "
                + "Create the schema (CREATE SCHEMA …; GRANT USAGE ON SCHEMA … to that user), or correct 'Search Path' in the connection string.");
        if (given is null) RefuseDropped(connection, path, schema);
        return new JournalPlace(schema, user, connection.Database);
    }

    /// <summary>A pooler that was told to ignore the search path would bring journals together that were to be apart.</summary>
    private static void RefuseDropped(NpgsqlConnection connection, string path, string schema)
    {
        string? asked = new NpgsqlConnectionStringBuilder(connection.ConnectionString).SearchPath;
        if (string.IsNullOrWhiteSpace(asked) || asked == path) return;
        // Its text may have changed on the way. What matters is whom it names first.
        if (asked.Split(',')[0].Trim().Trim('"').Equals(schema, StringComparison.OrdinalIgnoreCase)) return;
        throw new InvalidOperationException(
            $"The connection string's search path is '{asked}', and the server's session has '{path}': a pooler between them drops it, or the session's own setting hides it. "
            + "Set it at the server (ALTER ROLE … SET search_path = …), or give the journal its schema by name.");
    }

    /// <summary>0 where there is no journal yet.</summary>
    private static async Task<int> FindVersionAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        // Not to_regclass: that asks a cache, in which the wait for the advisory lock does not make news known.
        const string Exists = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'sheaf_schema')";
        bool exists = (bool)(await ExecuteAsync(connection, Exists, schema, cancellationToken).ConfigureAwait(false))!;
        return exists ? (int)(await ExecuteAsync(connection, $"SELECT version FROM {Quote(schema)}.sheaf_schema", null, cancellationToken).ConfigureAwait(false))! : 0;
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken) =>
        (bool)(await ExecuteAsync(connection, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", schema, cancellationToken).ConfigureAwait(false))!;

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql, string? parameter, CancellationToken cancellationToken)
    {
        NpgsqlCommand command = new(sql, connection);
        await using ConfiguredAsyncDisposable commandEnds = command.ConfigureAwait(false);
        if (parameter is not null) command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = parameter, NpgsqlDbType = NpgsqlDbType.Text });
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<string> ReadScriptAsync(int version, CancellationToken cancellationToken)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{version}.sql");
        using Stream script = typeof(PostgreSqlSchema).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The assembly lacks its script '{name}'.");
        using StreamReader reader = new(script);
        return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
    }
}
