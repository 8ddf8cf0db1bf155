using System.Net;
using System.Net.Sockets;
using Npgsql;
using Sheaf.PostgreSql;
using Sheaf.Processes;
using Sheaf.Silo.Tests.Clustering;

namespace Sheaf.Silo.Tests.Processes;

/// <summary>Three silos as processes on a real database: joining, leaving, losing one, losing all.</summary>
public sealed class ClusterTests(PostgreSqlFixture postgres)
{
    /// <summary>A guard against hanging on a busy machine; on an idle one joining takes two or three seconds.</summary>
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(3);

    /// <summary>What is promised of a cluster that starts again after all of it was lost.</summary>
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Start_ThreeAtOnce_AllAreActive()
    {
        await using Cluster cluster = await NewAsync(silos: 3);
        Assert.Equal(3L, await cluster.CountAsync("Active"));
    }

    [Fact]
    public async Task Start_WithASearchPath_HasMembershipAndJournalInItsSchema()
    {
        await using Database plain = new(await postgres.Server.CreateDatabaseAsync());
        await plain.ExecuteAsync("CREATE SCHEMA blue");
        await using Cluster cluster = new(new Database($"{plain.ConnectionString};Search Path=blue"), 1);
        await cluster.ReadyAsync();
        await Poll.UntilAsync(async () => (await TablesAsync()).Length == 2, Guard, () => cluster.Silos[0].Output);
        Assert.Equal(["blue.sheaf_silo", "blue.sheaf_workflow"], await TablesAsync());

        Task<string[]> TablesAsync() => plain.ScalarAsync<string[]>("SELECT ARRAY(SELECT concat_ws('.', schemaname, tablename) FROM pg_tables WHERE tablename IN ('sheaf_silo', 'sheaf_workflow') ORDER BY tablename)");
    }

    [Fact]
    public async Task Start_OnAJournalOfANewerVersion_IsRefused()
    {
        await using Cluster cluster = await NewAsync(silos: 1);
        await cluster.Database.ExecuteAsync("UPDATE sheaf_schema SET version = 999");
        await using Cluster older = cluster.StartAgain(silos: 1);
        Assert.Equal(1, await older.Silos[0].ExitAsync());
        Assert.Contains("schema version 999", older.Silos[0].Output, StringComparison.Ordinal);
        Assert.Equal(1L, await cluster.CountAsync("Active"));
    }

    [Fact]
    public async Task Start_BesideALivingClusterOfAnotherId_IsRefused()
    {
        await using Cluster cluster = await NewAsync(silos: 1);
        await using SiloProcess other = Start(cluster.Database, "127.0.0.1", ("Sheaf__ClusterId", "green"));
        Assert.Equal(1, await other.ExitAsync());
        Assert.Contains("The silo has failed: The schema 'public' of database", other.Output, StringComparison.Ordinal);
        Assert.Contains("the cluster 'sheaf'", other.Output, StringComparison.Ordinal);
        Assert.Equal(1L, await cluster.Database.ScalarAsync<long>("SELECT count(*) FROM sheaf_membership"));
        Assert.True(await cluster.Silos[0].IsReadyAsync());
    }

    [Fact]
    public async Task Start_AfterAClusterOfAnotherIdHasStopped_IsReadyAtOnce()
    {
        await using Cluster cluster = await NewAsync(silos: 1);
        Assert.Equal(0, await cluster.Silos[0].TerminateAsync());
        await using SiloProcess other = Start(cluster.Database, "127.0.0.1", ("Sheaf__ClusterId", "green"));
        await other.ReadyAsync(Guard);
    }

    [Fact]
    public async Task Start_AClusterOfAnotherIdComesWhileItJoins_IsRefused()
    {
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await database.EnsureAsync();
        await database.ExecuteAsync("INSERT INTO sheaf_cluster (cluster_id) VALUES ('sheaf')");
        // Its own row cannot be written, and there is no other when it looks first.
        await using NpgsqlConnection held = await database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using NpgsqlTransaction holding = await held.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (NpgsqlCommand hold = new("SELECT FROM sheaf_cluster WHERE cluster_id = 'sheaf' FOR UPDATE", held, holding))
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using SiloProcess silo = Start(database, "127.0.0.1");
        await Poll.UntilAsync(
            () => database.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())"),
            Guard,
            () => silo.Output);
        await database.AddActiveAsync(port: 9, silence: TimeSpan.Zero);
        await holding.RollbackAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await silo.ExitAsync());
        Assert.Contains($"The silo has failed: The schema 'public' of database '{held.Database}' is used by the cluster '{Database.Cluster}'", silo.Output, StringComparison.Ordinal);
        Assert.Equal("Dead", await database.StatusAsync(silo.SiloPort));
    }

    [Fact]
    public async Task Start_AtAnIPv6Address_FormsAClusterThere()
    {
        Assert.SkipUnless(HasIPv6Loopback(), "This machine has no ::1.");
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await using SiloProcess first = Start(database, "::1");
        await first.ReadyAsync(Guard);
        await using SiloProcess second = Start(database, "::1");
        await second.ReadyAsync(Guard);
        Assert.Equal(2L, await database.ScalarAsync<long>("SELECT count(*) FROM sheaf_membership WHERE status = 'Active'"));
        using var client = new TcpClient(AddressFamily.InterNetworkV6);
        await client.ConnectAsync(IPAddress.IPv6Loopback, first.GatewayPort, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Restart_OfASiloAtItsPorts_IsReady()
    {
        await using Cluster cluster = await NewAsync(silos: 2);
        SiloProcess lost = cluster.Silos[0];
        await lost.KillAsync();
        await using SiloProcess again = Start(cluster.Database, "127.0.0.1", lost.Ports());
        await again.ReadyAsync(Guard);
        Assert.Equal(0, await again.TerminateAsync());
        await using SiloProcess third = Start(cluster.Database, "127.0.0.1", lost.Ports());
        await third.ReadyAsync(Guard);
        Assert.Equal(2L, await cluster.CountAsync("Active"));
    }

    [Fact]
    public async Task Kill_OneOfThree_IsDeclaredDeadByTheOthers()
    {
        await using Cluster cluster = await NewAsync(silos: 3);
        SiloProcess lost = cluster.Silos[0];
        await lost.KillAsync();
        await Poll.UntilAsync(async () => await cluster.Database.StatusAsync(lost.SiloPort) == "Dead", Guard, () => cluster.Silos[1].Output);
        Assert.Equal(2L, await cluster.CountAsync("Active"));
        await Task.WhenAll(cluster.Silos.Skip(1).Select(silo => silo.ReadyAsync(Guard)));
    }

    [Fact]
    public async Task KillAll_StartAtNewEndpoints_IsReadyInTime()
    {
        await using Cluster cluster = new(new Database(await postgres.Server.CreateDatabaseAsync()), 3);
        TimeSpan undisturbed = await cluster.ReadyAsync();
        await Task.WhenAll(cluster.Silos.Select(silo => silo.KillAsync()));
        Assert.Equal(3L, await cluster.CountAsync("Active"));
        await using Cluster again = cluster.StartAgain(silos: 3);
        TimeSpan took = await again.ReadyAsync();
        // On a busy machine processes take their time to start, whoever was lost before.
        TimeSpan bound = Promise > 3 * undisturbed ? Promise : 3 * undisturbed;
        Assert.True(took <= bound, $"Ready after {took}, promised within {bound}; the first took {undisturbed}.{Environment.NewLine}{again.Silos[0].Output}");
        Assert.Equal(3L, await cluster.CountAsync("Active"));
        Assert.All(await Task.WhenAll(cluster.Silos.Select(silo => cluster.Database.StatusAsync(silo.SiloPort))), status => Assert.Equal("Dead", status));
    }

    [Fact]
    public async Task Terminate_OneOfThree_LeavesAtOnceAndCleanly()
    {
        await using Cluster cluster = await NewAsync(silos: 3);
        SiloProcess leaving = cluster.Silos[0];
        int exit = await leaving.TerminateAsync();
        Assert.True(exit == 0, $"exit {exit}: {leaving.Output}");
        // It wrote this itself, before it ended: nobody has to find out.
        Assert.Equal("Dead", await cluster.Database.StatusAsync(leaving.SiloPort));
        Assert.Equal(2L, await cluster.CountAsync("Active"));
    }

    [Fact]
    public async Task Ready_WhileAnActiveRowCannotBeReached_IsFalse_AndLiveIsTrue()
    {
        await using Database database = new(await postgres.Server.CreateDatabaseAsync());
        await database.EnsureAsync();
        // Takes connections and never says a word, as a frozen silo does; and it is heard of.
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        await database.AddActiveAsync(((IPEndPoint)mute.LocalEndpoint).Port, silence: -TimeSpan.FromHours(1));
        await database.ExecuteAsync("UPDATE sheaf_silo SET cluster_id = 'sheaf'; UPDATE sheaf_cluster SET cluster_id = 'sheaf'");
        await using SiloProcess silo = SiloProcess.StartMember(database.ConnectionString);
        await Poll.UntilAsync(
            async () => await silo.AskAsync("/health/ready") is { Code: HttpStatusCode.ServiceUnavailable, Body: "Unhealthy. This silo is Joining.\n" },
            Guard,
            () => silo.Output);
        Assert.Equal(HttpStatusCode.OK, (await silo.AnswerAsync("/health/live", Guard)).Code);
        await database.ExecuteAsync("UPDATE sheaf_silo SET status = 6 WHERE silo_name = 'lost'; UPDATE sheaf_cluster SET version = version + 1");
        await silo.ReadyAsync(Guard);
    }

    [Fact]
    public async Task Ready_TheRowSaysDead_IsFalse()
    {
        await using Cluster cluster = await NewAsync(silos: 1);
        // Behind the silo's back, as others' votes come: the version is not turned, so that it is told by nobody.
        await cluster.Database.ExecuteAsync("UPDATE sheaf_silo SET status = 6");
        SiloProcess silo = cluster.Silos[0];
        // It may learn of it, and end, before the question.
        (HttpStatusCode Code, string Body)? answer = await silo.AskAsync("/health/ready");
        Assert.NotEqual(HttpStatusCode.OK, answer?.Code);
    }

    [Fact]
    public async Task Restart_OfTheDatabase_LosesNoSilo()
    {
        await using Cluster cluster = await NewAsync(silos: 2);
        await postgres.Server.RestartAsync(crash: true);
        await Task.WhenAll(cluster.Silos.Select(silo => silo.ReadyAsync(Guard)));
        Assert.Equal(2L, await cluster.CountAsync("Active"));
    }

    private static SiloProcess Start(Database database, string address, params (string Name, string Value)[] more) => SiloProcess.Start(
        [],
        [("Sheaf__Clustering", "PostgreSql"), ("Sheaf__AdvertisedAddress", address), ("ConnectionStrings__Sheaf", database.ConnectionString), .. more]);

    private static bool HasIPv6Loopback()
    {
        if (!Socket.OSSupportsIPv6) return false;
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<Cluster> NewAsync(int silos)
    {
        var cluster = new Cluster(new Database(await postgres.Server.CreateDatabaseAsync()), silos);
        await cluster.ReadyAsync();
        return cluster;
    }

    private sealed class Cluster(Database database, int silos) : IAsyncDisposable
    {
        public Database Database => database;

        public IReadOnlyList<SiloProcess> Silos { get; } =
            [.. Enumerable.Range(0, silos).Select(_ => SiloProcess.StartMember(database.ConnectionString))];

        /// <summary>Waits until all are ready.</summary>
        /// <returns>How long that took.</returns>
        public async Task<TimeSpan> ReadyAsync() => (await Task.WhenAll(Silos.Select(silo => silo.ReadyAsync(Guard)))).Max();

        /// <summary>Other silos, at other endpoints, on the same database.</summary>
        public Cluster StartAgain(int silos) => new(new Database(database.ConnectionString), silos);

        public Task<long> CountAsync(string status) =>
            database.ScalarAsync<long>($"SELECT count(*) FROM sheaf_membership WHERE status = '{status}'");

        public async ValueTask DisposeAsync()
        {
            foreach (SiloProcess silo in Silos) await silo.DisposeAsync();
            await database.DisposeAsync();
        }
    }
}
