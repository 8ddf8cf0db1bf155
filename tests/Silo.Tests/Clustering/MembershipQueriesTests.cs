using System.Net;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;
using Sheaf.PostgreSql;

namespace Sheaf.Silo.Tests.Clustering;

/// <summary>What Orleans relies on in a membership table, through its own provider.</summary>
public sealed class MembershipQueriesTests(PostgreSqlFixture postgres)
{
    /// <summary>Whole microseconds: what PostgreSQL keeps of a time.</summary>
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task ReadAll_AnEmptyCluster_HasAVersionAndNoMembers()
    {
        await using Database database = await NewAsync();
        AdoNetClusteringTable table = await database.OrleansTableAsync();
        MembershipTableData data = await table.ReadAll();
        Assert.Empty(data.Members);
        Assert.Equal(0, data.Version.Version);
    }

    [Fact]
    public async Task InsertRow_ReadBack_HasWhatWasGiven()
    {
        await using Database database = await NewAsync();
        AdoNetClusteringTable table = await database.OrleansTableAsync();
        MembershipEntry entry = Entry(1);
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        MembershipTableData data = await table.ReadRow(entry.SiloAddress);
        MembershipEntry read = Assert.Single(data.Members).Item1;
        Assert.Equal(1, data.Version.Version);
        Assert.Equal(
            (entry.SiloAddress, entry.SiloName, entry.HostName, entry.Status, entry.ProxyPort, entry.StartTime, entry.IAmAliveTime),
            (read.SiloAddress, read.SiloName, read.HostName, read.Status, read.ProxyPort, read.StartTime, read.IAmAliveTime));
        Assert.Empty((await table.ReadRow(Entry(2).SiloAddress)).Members);
    }

    [Fact]
    public async Task InsertRow_AnOldVersion_IsRefused()
    {
        await using Database database = await NewAsync();
        AdoNetClusteringTable table = await database.OrleansTableAsync();
        TableVersion next = (await table.ReadAll()).Version.Next();
        Assert.True(await table.InsertRow(Entry(1), next));
        Assert.False(await table.InsertRow(Entry(2), next));
        MembershipTableData data = await table.ReadAll();
        Assert.Single(data.Members);
        Assert.Equal(1, data.Version.Version);
    }

    [Fact]
    public async Task InsertRow_ASiloThatIsThere_IsRefusedAndTurnsNoVersion()
    {
        await using Database database = await NewAsync();
        AdoNetClusteringTable table = await database.OrleansTableAsync();
        Assert.True(await table.InsertRow(Entry(1), (await table.ReadAll()).Version.Next()));
        Assert.False(await table.InsertRow(Entry(1), (await table.ReadAll()).Version.Next()));
        Assert.Equal(1, (await table.ReadAll()).Version.Version);
    }

    [Fact]
    public async Task InsertRow_EightAtOnceWithOneVersion_OneIsAccepted()
    {
        await using Database database = await NewAsync();
        AdoNetClusteringTable table = await database.OrleansTableAsync();
        TableVersion next = (await table.ReadAll()).Version.Next();
        bool[] accepted = await Task.WhenAll(Enumerable.Range(1, 8).Select(port => Task.Run(() => table.InsertRow(Entry(port), next))));
        Assert.Single(accepted, yes => yes);
        Assert.Equal(1, (await table.ReadAll()).Version.Version);
    }

    [Fact]
    public async Task UpdateRow_AnotherSilosVote_IsKeptAndIsNoWordOfTheSilo()
    {
        await using Database database = await NewAsync();
        AdoNetClusteringTable table = await database.OrleansTableAsync();
        MembershipEntry entry = Entry(1);
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        DateTime heard = await database.ScalarAsync<DateTime>("SELECT heard_at FROM sheaf_silo");
        (MembershipEntry read, string etag) = Assert.Single((await table.ReadAll()).Members);
        read.AddOrUpdateSuspector(Entry(2).SiloAddress, Noon, 2);
        read.Status = SiloStatus.Dead;
        TableVersion next = (await table.ReadAll()).Version.Next();
        Assert.True(await table.UpdateRow(read, etag, next));
        Assert.False(await table.UpdateRow(read, etag, next));
        MembershipEntry dead = Assert.Single((await table.ReadAll()).Members).Item1;
        Assert.Equal(SiloStatus.Dead, dead.Status);
        Assert.Equal(Entry(2).SiloAddress, Assert.Single(dead.SuspectTimes).Item1);
        Assert.Equal(heard, await database.ScalarAsync<DateTime>("SELECT heard_at FROM sheaf_silo"));
    }

    [Fact]
    public async Task UpdateIAmAlive_TurnsNoVersion_AndIsHeard()
    {
        await using Database database = await NewAsync();
        AdoNetClusteringTable table = await database.OrleansTableAsync();
        MembershipEntry entry = Entry(1);
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        DateTime heard = await database.ScalarAsync<DateTime>("SELECT heard_at FROM sheaf_silo");
        entry.IAmAliveTime = Noon.AddMinutes(1);
        await table.UpdateIAmAlive(entry);
        MembershipTableData data = await table.ReadAll();
        Assert.Equal(Noon.AddMinutes(1), Assert.Single(data.Members).Item1.IAmAliveTime);
        Assert.Equal(1, data.Version.Version);
        Assert.True(await database.ScalarAsync<DateTime>("SELECT heard_at FROM sheaf_silo") > heard);
    }

    [Fact]
    public async Task CleanupDefunct_ARecentMoment_RemovesTheDeadOnly()
    {
        await using Database database = await NewAsync();
        AdoNetClusteringTable table = await database.OrleansTableAsync();
        foreach ((int port, SiloStatus status) in new[] { (1, SiloStatus.Joining), (2, SiloStatus.Active), (3, SiloStatus.Dead) })
            Assert.True(await table.InsertRow(Entry(port, status), (await table.ReadAll()).Version.Next()));
        await table.CleanupDefunctSiloEntries(new DateTimeOffset(Noon));
        Assert.Equal(3, (await table.ReadAll()).Members.Count);
        await table.CleanupDefunctSiloEntries(new DateTimeOffset(Noon.AddSeconds(1)));
        Assert.Equal([1, 2], (await table.ReadAll()).Members.Select(member => member.Item1.SiloAddress.Endpoint.Port).Order());
    }

    [Fact]
    public async Task DeleteEntries_OfACluster_LeavesTheOthers()
    {
        await using Database database = await NewAsync();
        AdoNetClusteringTable table = await database.OrleansTableAsync();
        Assert.True(await table.InsertRow(Entry(1), (await table.ReadAll()).Version.Next()));
        await database.ExecuteAsync("INSERT INTO sheaf_cluster (cluster_id) VALUES ('other')");
        await table.DeleteMembershipTableEntries(Database.Cluster);
        Assert.Equal("other", await database.ScalarAsync<string>("SELECT cluster_id FROM sheaf_cluster"));
        Assert.Equal(0L, await database.ScalarAsync<long>("SELECT count(*) FROM sheaf_silo"));
    }

    private async Task<Database> NewAsync()
    {
        Database database = new(await postgres.Server.CreateDatabaseAsync());
        await database.EnsureAsync();
        return database;
    }

    private static MembershipEntry Entry(int port, SiloStatus status = SiloStatus.Joining) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, port, 7),
        SiloName = $"silo-{port}",
        HostName = "here",
        Status = status,
        ProxyPort = 30000,
        StartTime = Noon,
        IAmAliveTime = Noon,
    };
}
