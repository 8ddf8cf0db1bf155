namespace Sheaf.PostgreSql;

/// <summary>One server for an assembly's tests: <c>[assembly: AssemblyFixture(typeof(PostgreSqlFixture))]</c>.</summary>
public sealed class PostgreSqlFixture : IAsyncLifetime
{
    private PostgreSqlServer? _server;

    /// <summary>The server; without PostgreSQL the test that asks for it is skipped, and says why.</summary>
    internal PostgreSqlServer Server
    {
        get
        {
            Assert.SkipWhen(PostgreSqlServer.Missing is not null, PostgreSqlServer.Missing ?? "");
            return _server!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (PostgreSqlServer.Missing is null) _server = await PostgreSqlServer.StartAsync();
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
