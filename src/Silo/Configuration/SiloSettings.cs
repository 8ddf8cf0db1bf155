using System.Net;

namespace Sheaf.Silo.Configuration;

/// <summary>
/// What a silo is told from outside, read and checked once at start-up. Immutable.
/// </summary>
/// <remarks>
/// Every option is a configuration key: <c>Sheaf:SiloPort</c> in a file, <c>Sheaf__SiloPort</c> in the environment,
/// <c>--Sheaf:SiloPort 11112</c> on the command line; the last of these wins.
/// </remarks>
internal sealed class SiloSettings
{
    /// <summary>The name of the connection string: <c>ConnectionStrings:Sheaf</c>.</summary>
    public const string ConnectionName = "Sheaf";

    /// <summary><c>Sheaf:Clustering</c>: where silos find each other.</summary>
    /// <value><see cref="ClusteringKind.Localhost"/> by default.</value>
    public required ClusteringKind Clustering { get; init; }

    /// <summary><c>Sheaf:ClusterId</c>: silos and clients with the same cluster id are one cluster.</summary>
    /// <value><c>sheaf</c> by default.</value>
    public required string ClusterId { get; init; }

    /// <summary><c>Sheaf:ServiceId</c>: what stays the same when the cluster id changes from one deployment to the next.</summary>
    /// <value><c>sheaf</c> by default.</value>
    public required string ServiceId { get; init; }

    /// <summary><c>Sheaf:SiloName</c>: how logs and membership rows call this silo.</summary>
    /// <value>Made up by Orleans by default.</value>
    public required string? SiloName { get; init; }

    /// <summary><c>Sheaf:SiloPort</c>: where other silos reach this one.</summary>
    /// <value>11111 by default.</value>
    public required int SiloPort { get; init; }

    /// <summary><c>Sheaf:GatewayPort</c>: where clients reach this silo.</summary>
    /// <value>30000 by default.</value>
    public required int GatewayPort { get; init; }

    /// <summary><c>Sheaf:HealthPort</c>: where <c>/health/live</c> and <c>/health/ready</c> are served.</summary>
    /// <value>8080 by default.</value>
    public required int HealthPort { get; init; }

    /// <summary>
    /// <c>Sheaf:AdvertisedAddress</c>: the address under which other silos and clients reach this one; an IP address or a host name.
    /// </summary>
    /// <value>The first address of the machine's own by default. Not with <see cref="ClusteringKind.Localhost"/>: there it is the loopback address.</value>
    public required string? AdvertisedAddress { get; init; }

    /// <summary><c>Sheaf:PrimaryEndpoint</c>: the silo endpoint of the primary that this silo joins; only with <see cref="ClusteringKind.Localhost"/>.</summary>
    /// <value><see langword="null"/> by default: this silo is the primary.</value>
    public required IPEndPoint? PrimaryEndpoint { get; init; }

    /// <summary><c>ConnectionStrings:Sheaf</c>: the database; only with <see cref="ClusteringKind.PostgreSql"/>.</summary>
    public required string? ConnectionString { get; init; }

    /// <summary><c>--otel console</c>: whether traces and metrics are printed.</summary>
    public required bool TelemetryToConsole { get; init; }

    /// <summary>Whether the standard <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set: traces and metrics go there.</summary>
    public required bool TelemetryToOtlp { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    /// <param name="configuration">Files, environment and command line, already merged.</param>
    /// <exception cref="SiloConfigurationException">Something is missing or makes no sense; the message lists all of it.</exception>
    public static SiloSettings Read(IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        ClusteringKind clustering = reader.Choice("Sheaf:Clustering", ClusteringKind.Localhost);
        string? connection = configuration.GetConnectionString(ConnectionName);
        var settings = new SiloSettings
        {
            Clustering = clustering,
            ClusterId = reader.Text("Sheaf:ClusterId") ?? "sheaf",
            ServiceId = reader.Text("Sheaf:ServiceId") ?? "sheaf",
            SiloName = reader.Text("Sheaf:SiloName"),
            SiloPort = reader.Port("Sheaf:SiloPort", 11111),
            GatewayPort = reader.Port("Sheaf:GatewayPort", 30000),
            HealthPort = reader.Port("Sheaf:HealthPort", 8080),
            AdvertisedAddress = reader.Host("Sheaf:AdvertisedAddress"),
            PrimaryEndpoint = reader.Endpoint("Sheaf:PrimaryEndpoint"),
            ConnectionString = string.IsNullOrWhiteSpace(connection) ? null : connection,
            TelemetryToConsole = reader.Choice("otel", TelemetryOutput.None, shownAs: "--otel") == TelemetryOutput.Console,
            TelemetryToOtlp = reader.Text("OTEL_EXPORTER_OTLP_ENDPOINT") is not null,
        };
        reader.Distinct(("Sheaf:SiloPort", settings.SiloPort), ("Sheaf:GatewayPort", settings.GatewayPort), ("Sheaf:HealthPort", settings.HealthPort));
        if (clustering == ClusteringKind.PostgreSql)
        {
            reader.Connection($"ConnectionStrings:{ConnectionName}", settings.ConnectionString);
            reader.OnlyWith(ClusteringKind.Localhost, "Sheaf:PrimaryEndpoint");
        }
        else
        {
            reader.OnlyWith(ClusteringKind.PostgreSql, "Sheaf:AdvertisedAddress");
        }

        reader.ThrowIfAny();
        return settings;
    }

    private enum TelemetryOutput
    {
        None,
        Console,
    }
}
