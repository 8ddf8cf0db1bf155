using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sheaf.Benchmarks.Cluster;
using Sheaf.Journal;
using Sheaf.PostgreSql;

namespace Sheaf.Benchmarks.Durable;

/// <summary>Where journals are kept with a disk under them: a PostgreSQL of the benchmarks' own and a folder for SQLite, both with their default durability.</summary>
internal sealed class Store : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sheaf-figures-");
    private int _files;

    private Store(PostgreSqlServer server) => Server = server;

    /// <summary>The server.</summary>
    public PostgreSqlServer Server { get; }

    /// <summary>Starts the server, and prints what it says of itself.</summary>
    public static async Task<Store> StartAsync()
    {
        Store store = new(await PostgreSqlServer.StartAsync());
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(store.Server.ConnectionString);
        foreach (string setting in (string[])["server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers"])
        {
            await using NpgsqlCommand show = source.CreateCommand($"SHOW {setting}");
            Console.WriteLine($"# postgresql {setting} {await show.ExecuteScalarAsync()}");
        }

        return store;
    }

    /// <summary>A connection string for a SQLite file that is not there yet.</summary>
    public string NewFile() => $"Data Source={Path.Combine(_folder.FullName, $"{++_files}.db")}";

    /// <summary>An application with the embedded host and this journal.</summary>
    public static ServiceProvider Embed(IJournal journal) => new ServiceCollection().AddSheaf(ClusterCode.Add).UseEmbedded(journal).BuildServiceProvider();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }
}
