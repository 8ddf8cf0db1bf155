using Npgsql;
using Sheaf.Silo.Clustering;

namespace Sheaf.Silo.Tests.Clustering;

public sealed class SiloClusteringTests
{
    [Theory]
    [InlineData("Host=db", 60)]
    [InlineData("Host=db;Connection Lifetime=5", 5)]
    [InlineData("Host=db;Connection Lifetime=0", 0)]
    public void WithLifetime_OneThatIsGiven_IsKept(string connectionString, int seconds) =>
        Assert.Equal(seconds, new NpgsqlConnectionStringBuilder(SiloClusteringExtensions.WithLifetime(connectionString)).ConnectionLifetime);
}
