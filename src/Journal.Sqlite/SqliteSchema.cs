using Microsoft.Data.Sqlite;

namespace Sheaf.Journal;

/// <summary>The tables, their version, and the way from one version to the next.</summary>
internal static class SqliteSchema
{
    /// <summary>One script a version: the database's <c>user_version</c> says how many have run.</summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE sheaf_workflow (
            number        INTEGER PRIMARY KEY,
            id            TEXT    NOT NULL UNIQUE,
            workflow      TEXT    NOT NULL,
            input         TEXT    NOT NULL,
            created_at    TEXT    NOT NULL,
            owner         TEXT,
            epoch         INTEGER NOT NULL,
            status        INTEGER NOT NULL,
            next_sequence INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX sheaf_workflow_running ON sheaf_workflow (number) WHERE status = 0;
        CREATE TABLE sheaf_commit (
            workflow       INTEGER NOT NULL REFERENCES sheaf_workflow (number) ON DELETE CASCADE,
            first_sequence INTEGER NOT NULL,
            count          INTEGER NOT NULL,
            body           TEXT    NOT NULL,
            PRIMARY KEY (workflow, first_sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE VIEW sheaf_entry AS
            SELECT w.id AS workflow_id, c.first_sequence + e.key AS sequence, json_extract(e.value, '$.$') AS kind, e.value AS entry
            FROM sheaf_commit c JOIN sheaf_workflow w ON w.number = c.workflow, json_each(c.body) e;
        """,
        // What ended before this version keeps no instant of its end, and is purged as if it had ended when it was created.
        """
        ALTER TABLE sheaf_workflow ADD COLUMN ended_at TEXT;
        UPDATE sheaf_workflow SET ended_at = created_at WHERE status <> 0;
        CREATE INDEX sheaf_workflow_ended ON sheaf_workflow (ended_at) WHERE ended_at IS NOT NULL;
        """,
        // Null: it has something to do. Without an index: it is read with the rows of an owner, and looked for by nobody.
        """
        ALTER TABLE sheaf_workflow ADD COLUMN wakes_at TEXT;
        """,
    ];

    /// <summary>Brings the database to this version. Several processes may try: the write lock lets one.</summary>
    /// <exception cref="InvalidOperationException">The database is of a newer version.</exception>
    public static void Migrate(SqliteConnection connection)
    {
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "PRAGMA user_version";
        long version = (long)command.ExecuteScalar()!;
        if (version > Migrations.Length)
        {
            throw new InvalidOperationException(
                $"The journal in '{connection.DataSource}' has schema version {version}; this version of Sheaf knows {Migrations.Length}. Use the Sheaf that wrote it, or a newer one.");
        }

        for (; version < Migrations.Length; version++)
        {
            command.CommandText = Migrations[version];
            command.ExecuteNonQuery();
        }

        // A pragma takes no parameters; the number is ours.
        command.CommandText = $"PRAGMA user_version = {version}";
        command.ExecuteNonQuery();
        transaction.Commit();
    }
}
