using System.Text;
using Npgsql;
using Sheaf.Journal;
using Sheaf.PostgreSql;

namespace Sheaf.Journals;

/// <summary>A database of one test, with people's SQL beside the journal.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    private TestDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        _source = NpgsqlDataSource.Create(connectionString);
    }

    public string ConnectionString { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TestDatabase> CreateAsync(PostgreSqlServer server) => new(await server.CreateDatabaseAsync());

    public static JournalCommit Commit(string id, long first, string body) => new(id, 1, first, 1, Encoding.UTF8.GetBytes(body));

    public static JournalCommit Creation(string id, string owner) =>
        Commit(id, 0, "[1]") with { Creates = new() { Id = id, Workflow = "work/v1", Input = "1", CreatedAt = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero), Owner = owner, Epoch = 1 } };

    public async Task<object?> ScalarAsync(string sql)
    {
        await using NpgsqlCommand command = _source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Token);
    }

    public Task ExecuteAsync(string sql) => ScalarAsync(sql);

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
