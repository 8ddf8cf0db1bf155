using Sheaf;
using Sheaf.Journal;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Runs Sheaf's embedded host on a journal in PostgreSQL.</summary>
public static class PostgreSqlSheafBuilderExtensions
{
    /// <summary>Runs workflows and workers in this process, with the journal in PostgreSQL: they survive the process.</summary>
    /// <param name="builder">What <c>AddSheaf</c> returned.</param>
    /// <param name="connectionString">A connection string of Npgsql, such as <c>Host=localhost;Database=app;Username=app</c>.</param>
    /// <param name="schema">The schema of the tables; made if it is not there.</param>
    /// <returns>The application's services.</returns>
    /// <remarks>
    /// One process a schema at a time: a second one takes the workflows of the first over, whose appends are refused from then
    /// on. Workflows in the schema that have not ended are resumed when the host starts.
    /// </remarks>
    public static IServiceCollection UseEmbeddedPostgreSql(this SheafBuilder builder, string connectionString, string schema = PostgreSqlJournal.DefaultSchema) =>
        builder.UseEmbedded(_ => new PostgreSqlJournal(connectionString, schema));
}
