using Npgsql;

namespace Sheaf.Silo.Clustering;

/// <summary>The tables of membership, their version, and the way from one version to the next.</summary>
internal static class MembershipSchema
{
    /// <summary>
    /// The advisory lock under which silos change the schema and declare lost silos dead: one at a time in a database.
    /// Any number does that nobody else uses; it must never change.
    /// </summary>
    public const long LockKey = 0x5348_4541_465F_4D42; // "SHEAF_MB"

    /// <summary>One script a version: <c>sheaf_membership_schema</c> says how many have run.</summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE sheaf_cluster (
            cluster_id text PRIMARY KEY,
            version    integer NOT NULL DEFAULT 0
        );
        CREATE TABLE sheaf_silo (
            cluster_id    text        NOT NULL,
            address       text        NOT NULL,
            port          integer     NOT NULL,
            generation    integer     NOT NULL,
            silo_name     text        NOT NULL,
            host_name     text        NOT NULL,
            status        integer     NOT NULL,
            gateway_port  integer     NOT NULL,
            suspect_times text,
            started_at    timestamptz NOT NULL,
            alive_at      timestamptz NOT NULL,
            heard_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (cluster_id, address, port, generation)
        );
        COMMENT ON COLUMN sheaf_silo.alive_at IS 'The silo''s last heartbeat, by its own clock.';
        COMMENT ON COLUMN sheaf_silo.heard_at IS 'When it arrived, by the database''s clock.';
        CREATE VIEW sheaf_membership AS
            SELECT cluster_id, silo_name, address || ':' || port || '@' || generation AS silo,
                   (ARRAY['None', 'Created', 'Joining', 'Active', 'ShuttingDown', 'Stopping', 'Dead'])[status + 1] AS status,
                   gateway_port, started_at, round(extract(epoch FROM clock_timestamp() - heard_at), 1) AS silent_seconds
            FROM sheaf_silo;
        CREATE TABLE IF NOT EXISTS OrleansQuery (
            QueryKey  varchar(64) PRIMARY KEY,
            QueryText text        NOT NULL
        );
        """,
    ];

    /// <summary>
    /// Brings the database to this version. Idempotent; any number of silos may start at once, and one of them does the work.
    /// </summary>
    /// <exception cref="InvalidOperationException">The database is of a newer version, has membership that is not Sheaf's, or does not let this user make or use its tables.</exception>
    public static async Task EnsureAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            (string? schema, string path, string user) = await FindPlaceAsync(connection, cancellationToken).ConfigureAwait(false);
            if (schema is null)
            {
                throw new InvalidOperationException(
                    $"The search path '{path}' names no schema of database '{connection.Database}' that exists and that the user '{user}' may use. "
                    + "Create the schema (CREATE SCHEMA …; GRANT USAGE ON SCHEMA … to that user), or correct 'Search Path' in ConnectionStrings:Sheaf.");
            }

            try
            {
                // The usual start finds everything there and waits for nobody.
                if (await VersionAsync(connection, cancellationToken).ConfigureAwait(false) == Migrations.Length) return;
                NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                await using (transaction.ConfigureAwait(false))
                {
                    await LockAsync(connection, cancellationToken).ConfigureAwait(false);
                    await MigrateAsync(connection, cancellationToken).ConfigureAwait(false);
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                }
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                using var quoting = new NpgsqlCommandBuilder();
                (string there, string to) = (quoting.QuoteIdentifier(schema), quoting.QuoteIdentifier(user));
                throw new InvalidOperationException(
                    $"The user '{user}' may not make or use the tables of membership in schema '{schema}' of database '{connection.Database}': {error.MessageText}. "
                    + "Start one silo as a user who may make them, such as the schema's owner; then it grants what the others need: "
                    + $"GRANT USAGE ON SCHEMA {there} TO {to}; GRANT SELECT ON {there}.sheaf_membership_schema, {there}.orleansquery TO {to}; "
                    + $"GRANT SELECT, INSERT, UPDATE, DELETE ON {there}.sheaf_cluster, {there}.sheaf_silo TO {to};",
                    error);
            }
        }
    }

    /// <summary>Takes the advisory lock until the transaction ends.</summary>
    public static Task LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken);

    /// <summary>Where tables are made (null: nowhere), why there, and as whom.</summary>
    private static async Task<(string? Schema, string Path, string User)> FindPlaceAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using var command = new NpgsqlCommand("SELECT ARRAY[current_schema()::text, current_setting('search_path'), current_user::text]", connection);
        var answer = (string?[])(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        return (answer[0], answer[1]!, answer[2]!);
    }

    private static async Task MigrateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        int version = await VersionAsync(connection, cancellationToken).ConfigureAwait(false);
        if (version == Migrations.Length) return;
        if (version > Migrations.Length)
        {
            throw new InvalidOperationException(
                $"Membership in the database '{connection.Database}' has schema version {version}; this version of Sheaf knows {Migrations.Length}. "
                + "Use the Sheaf that wrote it, or a newer one.");
        }

        if (version == 0) await RefuseForeignAsync(connection, cancellationToken).ConfigureAwait(false);
        foreach (string migration in Migrations.Skip(version))
            await ExecuteAsync(connection, migration, cancellationToken).ConfigureAwait(false);
        foreach ((string key, string text) in MembershipQueries.All)
            await WriteAsync(connection, key, text, cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(
            connection,
            $"CREATE TABLE IF NOT EXISTS sheaf_membership_schema (version integer NOT NULL); DELETE FROM sheaf_membership_schema; INSERT INTO sheaf_membership_schema VALUES ({Migrations.Length})",
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>0 where there is no schema yet.</summary>
    private static async Task<int> VersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(connection, "sheaf_membership_schema", cancellationToken).ConfigureAwait(false)) return 0;
        using var command = new NpgsqlCommand("SELECT version FROM sheaf_membership_schema", connection);
        return (int)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Another application's Orleans may keep its membership here: overwriting its queries would take its silos down.</summary>
    private static async Task RefuseForeignAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(connection, "orleansquery", cancellationToken).ConfigureAwait(false)) return;
        using var command = new NpgsqlCommand("SELECT count(*) FROM OrleansQuery WHERE QueryKey = ANY (@keys)", connection);
        command.Parameters.AddWithValue("keys", MembershipQueries.All.Keys.ToArray());
        if ((long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))! == 0) return;
        throw new InvalidOperationException(
            $"The table OrleansQuery in the database '{connection.Database}' has membership queries that are not Sheaf's. "
            + "Give Sheaf a database of its own, or a schema: CREATE SCHEMA sheaf, and add 'Search Path=sheaf' to ConnectionStrings:Sheaf, of clients too.");
    }

    /// <summary>
    /// Asks the catalogue itself: <c>to_regclass</c> may answer from the session's cache, and then not see what another session has
    /// created while this one waited for the lock.
    /// </summary>
    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        using var command = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pg_class WHERE relname = @table AND pg_table_is_visible(oid))", connection);
        command.Parameters.AddWithValue("table", table);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private static async Task WriteAsync(NpgsqlConnection connection, string key, string text, CancellationToken cancellationToken)
    {
        using var command = new NpgsqlCommand(
            "INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES (@key, @text) ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText",
            connection);
        command.Parameters.AddWithValue("key", key);
        command.Parameters.AddWithValue("text", text);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken)
    {
        // The text is this assembly's own: scripts and constants.
#pragma warning disable CA2100
        using var command = new NpgsqlCommand(text, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
