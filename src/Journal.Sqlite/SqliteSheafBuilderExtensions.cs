using Sheaf;
using Sheaf.Journal;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Runs Sheaf's embedded host on a journal in SQLite.</summary>
public static class SqliteSheafBuilderExtensions
{
    /// <summary>Runs workflows and workers in this process, with the journal in a SQLite file: they survive the process.</summary>
    /// <param name="builder">What <c>AddSheaf</c> returned.</param>
    /// <param name="connectionString">A connection string of Microsoft.Data.Sqlite, such as <c>Data Source=sheaf.db</c>.</param>
    /// <returns>The application's services.</returns>
    /// <remarks>
    /// One process a file at a time: a second one takes the workflows of the first over, whose appends are refused from then
    /// on. Workflows in the file that have not ended are resumed when the host starts.
    /// </remarks>
    public static IServiceCollection UseEmbedded(this SheafBuilder builder, string connectionString) =>
        builder.UseEmbedded(_ => new SqliteJournal(connectionString));
}
