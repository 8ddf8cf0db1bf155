using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Hosting;
using Sheaf.Settings;

namespace Sheaf.Client.Connection;

/// <summary>A cluster that runs elsewhere, found as the settings say.</summary>
internal sealed class RunningCluster(ConnectionOptions options, ClientSurroundings around) : IClusterSource
{
    /// <inheritdoc/>
    public async Task<ClusterConnection> ConnectAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        IConfiguration configuration = options.Read(arguments);
        ClusterSettings settings = ClusterSettings.Read(configuration);
        try
        {
            IHost host = await ClientHost.StartAsync(settings, configuration, client => UseClustering(client, settings), around.TimeProvider, cancellationToken);
            return new ClusterConnection(host);
        }
        catch (TimeoutException error)
        {
            throw new NoClusterException(Describe(settings, error), error);
        }
    }

    private static void UseClustering(IClientBuilder client, ClusterSettings settings)
    {
        if (settings.Clustering == ClusteringKind.Localhost)
        {
            client.UseLocalhostClustering(settings.GatewayPort, settings.ServiceId, settings.ClusterId);
            return;
        }

        client.Configure<Orleans.Configuration.ClusterOptions>(cluster =>
        {
            cluster.ClusterId = settings.ClusterId;
            cluster.ServiceId = settings.ServiceId;
        });
        client.UseAdoNetClustering(database =>
        {
            database.Invariant = "Npgsql";
            database.ConnectionString = settings.DatabaseConnectionString;
        });
    }

    private static string Describe(ClusterSettings settings, TimeoutException error)
    {
        string reason = (error.InnerException ?? error).Message.ReplaceLineEndings(" ");
        if (settings.Clustering == ClusteringKind.Localhost)
        {
            return $"""
                No silo of cluster '{settings.ClusterId}' answers at 127.0.0.1:{settings.GatewayPort} (Sheaf:Clustering is Localhost): {reason}
                Start one with 'dotnet run --project src/Silo', give another --gateway-port or --clustering PostgreSql with --connection-string,
                or put 'local --silos 3' before the command for a cluster inside this program.
                """;
        }

        var database = new NpgsqlConnectionStringBuilder(settings.ConnectionString);
        return $"""
            No silo of cluster '{settings.ClusterId}' answers that is known to the database '{database.Database}' at {database.Host}:{database.Port}: {reason}
            Start silos with the same Sheaf:ClusterId and ConnectionStrings:Sheaf, or check both here: --cluster-id, --connection-string.
            """;
    }
}
