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
    /// <returns>The schema.</returns>
    /// <exception cref="InvalidOperationException">The schema is of a newer version, or the search path has none.</exception>
    public static async Task<string> MigrateAsync(NpgsqlDataSource dataSource, string? given, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable connectionEnds = connection.ConfigureAwait(false);
        string schema = given ?? await FindSchemaAsync(connection, cancellationToken).ConfigureAwait(false);
        // The usual case takes no lock and needs no right to create anything.
        if (await FindVersionAsync(connection, schema, cancellationToken).ConfigureAwait(false) == Version) return schema;

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
        return schema;
    }

    /// <summary>The name as it stands in SQL.</summary>
    public static string Quote(string schema) => $"\"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>The schema in which the connection makes tables.</summary>
    private static async Task<string> FindSchemaAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var path = (string)(await ExecuteAsync(connection, "SELECT current_setting('search_path')", null, cancellationToken).ConfigureAwait(false))!;
        if (path == DefaultSearchPath) return "public";
        return await ExecuteAsync(connection, "SELECT current_schema()::text", null, cancellationToken).ConfigureAwait(false) as string
            ?? throw new InvalidOperationException(
                $"The search path '{path}' names no schema that exists in database '{connection.Database}' and that its user may use, so that there is no place for the journal. "
                + "Create the schema (CREATE SCHEMA …), or correct 'Search Path' in the connection string.");
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
