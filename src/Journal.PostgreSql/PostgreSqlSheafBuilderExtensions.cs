using Sheaf;
using Sheaf.Journal;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps Sheaf's journal in PostgreSQL.</summary>
public static class PostgreSqlSheafBuilderExtensions
{
    /// <summary>Sets the journal to PostgreSQL: workflows survive their processes, on silos and, with <c>UseEmbedded</c> after it, in one process.</summary>
    /// <param name="builder">What <c>AddSheaf</c> returned.</param>
    /// <param name="connectionString">A connection string of Npgsql, such as <c>Host=localhost;Database=app;Username=app</c>. The same for all silos of a cluster.</param>
    /// <param name="schema">The schema of the tables; made if it is not there. Without one they are in that of the search path, which is <c>public</c> where none is set: see <see cref="PostgreSqlJournal"/>.</param>
    /// <remarks>
    /// One cluster, or one embedded process, a schema at a time: a second one takes the workflows of the first over, whose appends
    /// are refused from then on.
    /// </remarks>
    public static SheafBuilder UsePostgreSqlJournal(this SheafBuilder builder, string connectionString, string? schema = null) =>
        builder.UseJournal(_ => new PostgreSqlJournal(connectionString, schema));
}
