using Npgsql;

namespace Sheaf.Journal;

/// <summary>Errors of the server that somebody has to do something about: the same, with what that is.</summary>
internal static class PostgreSqlErrors
{
    /// <summary>The error with its remedy; null where it speaks for itself.</summary>
    public static PostgresException? Explain(PostgresException error, JournalPlace? place) => error.SqlState switch
    {
        PostgresErrorCodes.DuplicatePreparedStatement or PostgresErrorCodes.InvalidSqlStatementName => With(
            error,
            $"{error.MessageText}. A pooler, such as PgBouncer in transaction mode, gives the session to several, and statements cannot stay prepared: add 'Max Auto Prepare=0' to the connection string."),
        PostgresErrorCodes.InsufficientPrivilege when place is not null => CannotUse(error, place),
        _ => null,
    };

    /// <summary>The tables cannot be made or migrated.</summary>
    public static PostgresException CannotMigrate(PostgresException error, string what, JournalPlace place) => With(
        error,
        $"The user '{place.User}' may not make {what} in schema '{place.Schema}' of database '{place.Database}': {error.MessageText}. "
        + $"Call PostgreSqlJournal.MigrateAsync once as a user who may, such as the schema's owner, or start one host as that user; then it grants what a host needs: {Grants(place)}");

    /// <summary>The tables are there, and something of them cannot be used.</summary>
    public static PostgresException CannotUse(PostgresException error, JournalPlace place) => With(
        error,
        $"The user '{place.User}' lacks a right on the journal in schema '{place.Schema}' of database '{place.Database}': {error.MessageText}. Its owner grants what a host needs: {Grants(place)}");

    /// <summary>All that a host needs once the tables are there. Functions are everybody's, unless somebody has taken that back.</summary>
    private static string Grants(JournalPlace place)
    {
        (string schema, string user) = (PostgreSqlSchema.Quote(place.Schema), PostgreSqlSchema.Quote(place.User));
        return $"GRANT USAGE ON SCHEMA {schema} TO {user}; "
            + $"GRANT SELECT ON {schema}.sheaf_schema TO {user}; "
            + $"GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.sheaf_workflow, {schema}.sheaf_commit TO {user}; "
            + $"GRANT USAGE ON SEQUENCE {schema}.sheaf_workflow_number_seq TO {user};";
    }

    /// <summary>Of the same type and code, for those who look at them.</summary>
    private static PostgresException With(PostgresException error, string message) => new(
        message, error.Severity, error.InvariantSeverity, error.SqlState, error.Detail, error.Hint, where: error.Where, schemaName: error.SchemaName, tableName: error.TableName, routine: error.Routine);
}
