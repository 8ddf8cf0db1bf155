using System.Net;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using Sheaf.Settings;
using Sheaf.Silo.Configuration;

namespace Sheaf.Silo.Clustering;

/// <summary>Applies the clustering part of the settings to a silo.</summary>
internal static class SiloClusteringExtensions
{
    /// <summary>Clustering, endpoints, names, and how loss is detected.</summary>
    public static ISiloBuilder UseClustering(this ISiloBuilder silo, SiloSettings settings)
    {
        if (settings.SiloName is { } name) silo.Configure<SiloOptions>(options => options.SiloName = name);
        silo.Configure<ClusterMembershipOptions>(DetectLoss);
        return settings.Clustering switch
        {
            ClusteringKind.Localhost => silo.UseLocalhostClustering(
                settings.SiloPort, settings.GatewayPort, settings.PrimaryEndpoint, settings.ServiceId, settings.ClusterId),
            ClusteringKind.PostgreSql => silo.UsePostgreSql(settings),
            _ => throw new InvalidOperationException($"No clustering is known for {settings.Clustering}."),
        };
    }

    /// <summary>
    /// Measured with three silos: a killed one is Dead after 2 to 3 s, one that hangs after 4 s, and pauses of up to 2.5 s evict nobody.
    /// </summary>
    private static void DetectLoss(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(1);
        options.NumMissedProbesLimit = 3;
        // The intermediary has no more time than the silo that asks it, which gives up first: a hang is then seen by luck only.
        options.EnableIndirectProbes = false;
        options.NumVotesForDeathDeclaration = 2;
        // How long an evicted silo that wakes up may go on before it learns of it.
        options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        // Three times this is what two lost of three take: the survivor has one vote until the other voter's heartbeat is stale.
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
    }

    /// <summary>
    /// A connection string whose sessions live a minute, unless it says how long: after a failover they may be on a server that takes no writes,
    /// and Orleans would use them, and write no heartbeat, for the hour that is Npgsql's default.
    /// </summary>
    internal static string WithLifetime(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        if (!builder.ShouldSerialize("Connection Lifetime")) builder.ConnectionLifetime = 60;
        return builder.ToString();
    }

    private static ISiloBuilder UsePostgreSql(this ISiloBuilder silo, SiloSettings settings)
    {
        string connectionString = WithLifetime(settings.DatabaseConnectionString);
        silo.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = settings.ClusterId;
            options.ServiceId = settings.ServiceId;
        });
        UseEndpoints(silo, settings);
        silo.UseAdoNetClustering(options =>
        {
            options.Invariant = "Npgsql";
            options.ConnectionString = connectionString;
        });
        silo.Services.AddSingleton(_ => NpgsqlDataSource.Create(connectionString));
        silo.Services.AddSingleton(services =>
        {
            ClusterMembershipOptions membership = services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;
            // One and a half heartbeats: a living silo is due after one, and the half is for a slow database.
            return new LostSilos(
                services.GetRequiredService<NpgsqlDataSource>(),
                settings.ClusterId,
                membership.IAmAliveTablePublishTimeout * 1.5,
                membership.ProbeTimeout,
                services.GetRequiredService<TimeProvider>());
        });
        silo.Services.AddSingleton<LostSiloWatch>();
        silo.Services.AddSingleton(services => new OtherClusters(services.GetRequiredService<NpgsqlDataSource>(), settings.ClusterId));
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ClusterDatabase>();
        return silo;
    }

    private static void UseEndpoints(ISiloBuilder silo, SiloSettings settings)
    {
        if (settings.AdvertisedAddress is not { } address)
            silo.ConfigureEndpoints(settings.SiloPort, settings.GatewayPort);
        else if (IPAddress.TryParse(address, out IPAddress? ip))
            silo.ConfigureEndpoints(ip, settings.SiloPort, settings.GatewayPort);
        else
            silo.ConfigureEndpoints(address, settings.SiloPort, settings.GatewayPort);
        // Orleans' own "any" is IPv4's, whatever is advertised: nobody would reach an address of IPv6.
        silo.Configure<EndpointOptions>(options =>
        {
            options.SiloListeningEndpoint = new IPEndPoint(settings.ListenAddress, settings.SiloPort);
            options.GatewayListeningEndpoint = new IPEndPoint(settings.ListenAddress, settings.GatewayPort);
        });
    }
}
