using System.Net;
using System.Net.Sockets;
using Orleans.Runtime;
using Sheaf.PostgreSql;
using Sheaf.Silo.Clustering;

namespace Sheaf.Silo.Tests.Clustering;

/// <summary>What is provably dead (docs/decisions/0007-who-is-provably-dead.md), one condition a test.</summary>
public sealed class LostSilosTests(PostgreSqlFixture postgres) : IDisposable
{
    private static readonly TimeSpan LongAgo = TimeSpan.FromDays(30);

    /// <summary>Later than any bound: the database's clock says it was heard of just now.</summary>
    private static readonly TimeSpan JustNow = -TimeSpan.FromHours(1);

    /// <summary>Bound, but not listening: nothing answers, and nobody else gets the port.</summary>
    private readonly Socket _closed = Bound();
    private readonly Socket _alsoClosed = Bound();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _closed.Dispose();
        _alsoClosed.Dispose();
    }

    [Fact]
    public async Task Clear_ASilentClusterThatDoesNotAnswer_IsDeclaredDeadInOneTurn()
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(Port(_closed), LongAgo);
        await database.AddActiveAsync(Port(_alsoClosed), LongAgo);
        Assert.Equal(2, (await Lost(database).ClearAsync(Token)).Count);
        Assert.Equal(("Dead", "Dead"), (await database.StatusAsync(Port(_closed)), await database.StatusAsync(Port(_alsoClosed))));
        Assert.Equal(1, await database.VersionAsync());
        Assert.All((await (await database.OrleansTableAsync()).ReadAll()).Members, member => Assert.Equal(SiloStatus.Dead, member.Item1.Status));
        Assert.Empty(await Lost(database).ClearAsync(Token));
        Assert.Equal(1, await database.VersionAsync());
    }

    [Fact]
    public async Task Clear_OneSiloIsHeardOf_LeavesTheOthersToItsVote()
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(Port(_closed), LongAgo);
        await database.AddActiveAsync(Port(_alsoClosed), JustNow);
        Assert.Empty(await Lost(database).ClearAsync(Token));
        Assert.Equal("Active", await database.StatusAsync(Port(_closed)));
    }

    [Fact]
    public async Task Clear_ASilentSiloThatAnswers_IsLeftAlone()
    {
        await using Database database = await NewAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await database.AddActiveAsync(Port(listener.Server), LongAgo);
        await database.AddActiveAsync(Port(_closed), LongAgo);
        SilentSilo dead = Assert.Single(await Lost(database).ClearAsync(Token));
        Assert.Equal(Port(_closed), dead.Port);
        Assert.Equal("Active", await database.StatusAsync(Port(listener.Server)));
    }

    [Fact]
    public async Task Clear_TheDatabaseWasNotUpForTheBound_ProvesNothing()
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(Port(_closed), LongAgo);
        // The tests' server has not run for a day; the silo is silent for thirty.
        Assert.Empty(await Lost(database, bound: TimeSpan.FromDays(1)).ClearAsync(Token));
    }

    [Fact]
    public async Task Clear_ASiloThatJoins_HasNoHeartbeatYetAndIsLeftAlone()
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(Port(_closed), LongAgo);
        await database.ExecuteAsync("UPDATE sheaf_silo SET status = 2");
        Assert.Empty(await Lost(database).ClearAsync(Token));
    }

    [Fact]
    public async Task Clear_AnotherCluster_IsLeftAlone()
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(Port(_closed), LongAgo);
        await database.ExecuteAsync("UPDATE sheaf_silo SET cluster_id = 'other'");
        Assert.Empty(await Lost(database).ClearAsync(Token));
    }

    [Fact]
    public async Task DeclareDead_HeardOfInTheMeantime_IsLeftAlone()
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(Port(_closed), LongAgo);
        LostSilos lost = Lost(database);
        IReadOnlyList<SilentSilo> found = await lost.FindAsync(Token);
        Assert.Single(found);
        // Still silent by the bound, and yet a word later than the one that was read.
        await database.ExecuteAsync("UPDATE sheaf_silo SET heard_at = heard_at + interval '1 second'");
        Assert.Empty(await lost.DeclareDeadAsync(found, Token));
        await database.ExecuteAsync("UPDATE sheaf_silo SET heard_at = now() + interval '1 hour'");
        Assert.Empty(await lost.DeclareDeadAsync(found, Token));
        Assert.Equal(0, await database.VersionAsync());
    }

    [Fact]
    public async Task Clear_ByEightSilosAtOnce_IsDoneOnce()
    {
        await using Database database = await NewAsync();
        await database.AddActiveAsync(Port(_closed), LongAgo);
        IReadOnlyList<SilentSilo>[] dead = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Lost(database).ClearAsync(Token))));
        Assert.Single(dead, silos => silos.Count == 1);
        Assert.Equal(1, await database.VersionAsync());
    }

    private async Task<Database> NewAsync()
    {
        Database database = new(await postgres.Server.CreateDatabaseAsync());
        await database.EnsureAsync();
        return database;
    }

    private static LostSilos Lost(Database database, TimeSpan? bound = null) => new(
        database.Source, Database.Cluster, bound ?? TimeSpan.FromMilliseconds(1), probeTimeout: TimeSpan.FromSeconds(10), TimeProvider.System);

    private static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
