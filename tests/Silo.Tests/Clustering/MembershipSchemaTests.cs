using System.Net;
using Npgsql;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;
using Sheaf.PostgreSql;
using Sheaf.Settings;
using Sheaf.Silo.Clustering;

namespace Sheaf.Silo.Tests.Clustering;

public sealed class MembershipSchemaTests(PostgreSqlFixture postgres)
{
    [Fact]
    public async Task Ensure_EightAtOnce_CreatesOnce()
    {
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(database.EnsureAsync)));
        Assert.Equal(1L, await database.ScalarAsync<long>("SELECT count(*) FROM sheaf_membership_schema"));
        Assert.Equal(MembershipQueries.All.Count, await database.ScalarAsync<long>("SELECT count(*) FROM OrleansQuery"));
    }

    [Fact]
    public async Task Ensure_Again_KeepsWhatIsThere()
    {
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await database.EnsureAsync();
        await database.AddActiveAsync(port: 1, TimeSpan.Zero);
        await database.EnsureAsync();
        Assert.Equal("Active", await database.StatusAsync(1));
    }

    [Fact]
    public async Task Ensure_ANewerSchema_SaysSo()
    {
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await database.EnsureAsync();
        await database.ExecuteAsync("UPDATE sheaf_membership_schema SET version = 99");
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(database.EnsureAsync);
        Assert.Contains("99", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ensure_AnotherApplicationsMembership_IsRefusedAndUntouched()
    {
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await AddForeignAsync(database);
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(database.EnsureAsync);
        Assert.Contains("Search Path=sheaf", error.Message, StringComparison.Ordinal);
        Assert.Equal("SELECT 1", await database.ScalarAsync<string>("SELECT QueryText FROM OrleansQuery"));
    }

    [Fact]
    public async Task Ensure_ASchemaOfItsOwn_LivesBesideAnotherApplication()
    {
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await AddForeignAsync(database);
        await database.ExecuteAsync("CREATE SCHEMA apart");
        await using Database own = new(new NpgsqlConnectionStringBuilder(database.ConnectionString) { SearchPath = "apart" }.ToString());
        await own.EnsureAsync();
        Assert.Empty((await (await own.OrleansTableAsync()).ReadAll()).Members);
        Assert.Equal("SELECT 1", await database.ScalarAsync<string>("SELECT QueryText FROM OrleansQuery"));
    }

    [Fact]
    public async Task Ensure_ASearchPathOfNoSchemaThatExists_SaysSo()
    {
        await using Database database = new(new NpgsqlConnectionStringBuilder(await postgres.Server.CreateDatabaseAsync()) { SearchPath = "apart" }.ToString());
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(database.EnsureAsync);
        Assert.Contains("'apart'", error.Message, StringComparison.Ordinal);
        Assert.Contains("CREATE SCHEMA", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ensure_UserWhoMayMakeNoTables_IsToldWhatItNeedsAndThatIsEnough()
    {
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await database.ExecuteAsync("CREATE ROLE \"the app\" LOGIN");
        await using Database app = new(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "the app", SearchPath = "public" }.ToString());
        string message = (await Assert.ThrowsAsync<InvalidOperationException>(app.EnsureAsync)).Message;
        Assert.Contains("'the app'", message, StringComparison.Ordinal);
        Assert.Contains("'public'", message, StringComparison.Ordinal);
        await database.EnsureAsync();
        message = (await Assert.ThrowsAsync<InvalidOperationException>(app.EnsureAsync)).Message;
        await database.ExecuteAsync(message[message.IndexOf("GRANT", StringComparison.Ordinal)..]);

        await app.EnsureAsync();
        AdoNetClusteringTable table = await app.OrleansTableAsync();
        MembershipEntry entry = new()
        {
            SiloAddress = SiloAddress.New(IPAddress.Loopback, 1, 1),
            SiloName = "one",
            HostName = "one",
            Status = SiloStatus.Active,
            StartTime = DateTime.UnixEpoch,
            IAmAliveTime = DateTime.UnixEpoch,
        };
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        entry.Status = SiloStatus.ShuttingDown;
        Assert.True(await table.UpdateRow(entry, "1", (await table.ReadAll()).Version.Next()));
        await table.UpdateIAmAlive(entry);
        Assert.Single((await table.ReadAll()).Members);
        LostSilos lost = new(app.Source, Database.Cluster, TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeProvider.System);
        await app.AddActiveAsync(port: 2, TimeSpan.FromHours(1));
        Assert.Single(await lost.DeclareDeadAsync(await lost.FindAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken));
        await table.CleanupDefunctSiloEntries(DateTimeOffset.MaxValue);
        await table.DeleteMembershipTableEntries(Database.Cluster);
    }

    [Fact]
    public async Task Ensure_OtherOrleansQueries_AreKept()
    {
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await AddForeignAsync(database, key: "WriteToStorageKey");
        await database.EnsureAsync();
        Assert.Equal("SELECT 1", await database.ScalarAsync<string>("SELECT QueryText FROM OrleansQuery WHERE QueryKey = 'WriteToStorageKey'"));
    }

    [Fact]
    public async Task WithSearchPath_ASchemaOfTheUsersName_IsNotTakenForMembership()
    {
        await using Database plain = new(await postgres.Server.CreateDatabaseAsync());
        await plain.ExecuteAsync("CREATE SCHEMA sheaf");
        await using Database database = new(ClusterSettings.WithSearchPath(plain.ConnectionString));
        await database.EnsureAsync();
        Assert.Equal("public", await plain.ScalarAsync<string>("SELECT schemaname::text FROM pg_tables WHERE tablename = 'orleansquery'"));
        // Who does not know of any of this, such as a client, finds it.
        Assert.Empty((await (await plain.OrleansTableAsync()).ReadAll()).Members);
    }

    [Fact]
    public void WithSearchPath_OneThatIsGiven_IsKept() =>
        Assert.Contains("Search Path=apart", ClusterSettings.WithSearchPath("Host=db;Search Path=apart"), StringComparison.Ordinal);

    private static Task AddForeignAsync(Database database, string key = "MembershipReadAllKey") => database.ExecuteAsync(
        $"""
        CREATE TABLE OrleansQuery (QueryKey varchar(64) PRIMARY KEY, QueryText varchar(8000) NOT NULL);
        INSERT INTO OrleansQuery VALUES ('{key}', 'SELECT 1')
        """);
}
