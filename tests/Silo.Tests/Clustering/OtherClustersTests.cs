using Sheaf.PostgreSql;
using Sheaf.Silo.Clustering;

namespace Sheaf.Silo.Tests.Clustering;

/// <summary>Which rows of another cluster keep a silo out. The rows are those of the cluster that <see cref="Database.Cluster"/> names.</summary>
public sealed class OtherClustersTests(PostgreSqlFixture postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Refuse_NoRows_IsSilent()
    {
        await using Database database = await NewAsync();
        await RefuseAsync(database, "green");
    }

    [Theory]
    [InlineData("Joining", 2)]
    [InlineData("Active", 3)]
    [InlineData("ShuttingDown", 4)]
    public async Task Refuse_ALivingSiloOfAnotherCluster_NamesItAndTheRemedies(string status, int number)
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(port: 1, silence: TimeSpan.FromSeconds(20));
        await database.ExecuteAsync($"UPDATE sheaf_silo SET status = {number}");
        Assert.Equal(status, await database.StatusAsync(1));
        string message = (await Assert.ThrowsAsync<InvalidOperationException>(() => RefuseAsync(database, "green"))).Message;
        Assert.StartsWith("The schema 'public' of database 'sheaf_", message, StringComparison.Ordinal);
        Assert.Contains("is used by the cluster 'tests', of which the silo lost (127.0.0.1:1@1) lives, and this silo's Sheaf:ClusterId is 'green'", message, StringComparison.Ordinal);
        Assert.Contains("set Sheaf:ClusterId to 'tests'", message, StringComparison.Ordinal);
        Assert.Contains("Search Path=", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refuse_RowsOfItsOwnCluster_IsSilent()
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(port: 1, silence: TimeSpan.Zero);
        await RefuseAsync(database, Database.Cluster);
    }

    [Fact]
    public async Task Refuse_AnotherClusterThatIsDeadOrSilent_IsSilent()
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(port: 1, silence: TimeSpan.Zero);
        await database.ExecuteAsync("UPDATE sheaf_silo SET status = 6");
        await database.AddActiveAsync(port: 2, silence: OtherClusters.Bound + TimeSpan.FromSeconds(1));
        await RefuseAsync(database, "green");
    }

    private static Task RefuseAsync(Database database, string cluster) => new OtherClusters(database.Source, cluster).RefuseAsync(Token);

    private async Task<Database> NewAsync()
    {
        Database database = new(await postgres.Server.CreateDatabaseAsync());
        await database.EnsureAsync();
        return database;
    }
}
