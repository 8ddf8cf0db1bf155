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
    /// One host a file at a time: a second one, in this process or another, gets an <see cref="InvalidOperationException"/> when it starts
    /// (<see cref="SqliteJournal.OpenForOneHost"/>). Workflows in the file that have not ended are resumed when the host starts.
    /// </remarks>
    public static IServiceCollection UseEmbedded(this SheafBuilder builder, string connectionString) =>
        builder.UseEmbedded(_ => SqliteJournal.OpenForOneHost(connectionString));
}
