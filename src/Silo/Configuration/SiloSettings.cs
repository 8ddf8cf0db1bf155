using System.Net;
using System.Net.Sockets;
using Sheaf.Settings;

namespace Sheaf.Silo.Configuration;

/// <summary>
/// What a silo is told from outside, read and checked once at start-up. Immutable.
/// </summary>
/// <remarks>
/// Every option is a configuration key: <c>Sheaf:SiloPort</c> in a file, <c>Sheaf__SiloPort</c> in the environment,
/// <c>--Sheaf:SiloPort 11112</c> on the command line; the last of these wins.
/// </remarks>
internal sealed class SiloSettings : ClusterSettings
{
    private SiloSettings(SettingsReader reader)
        : base(reader)
    {
        SiloName = reader.Text("Sheaf:SiloName");
        SiloPort = reader.Port("Sheaf:SiloPort", 11111);
        HealthPort = reader.Port("Sheaf:HealthPort", 8080);
        AdvertisedAddress = reader.Host("Sheaf:AdvertisedAddress");
        ListenAddress = Clustering == ClusteringKind.Localhost ? IPAddress.Loopback
            : IPAddress.TryParse(AdvertisedAddress, out IPAddress? ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any
            : IPAddress.Any;
        PrimaryEndpoint = reader.Endpoint("Sheaf:PrimaryEndpoint");
        reader.Distinct(("Sheaf:SiloPort", SiloPort), ("Sheaf:GatewayPort", GatewayPort), ("Sheaf:HealthPort", HealthPort));
        if (Clustering == ClusteringKind.PostgreSql) reader.OnlyWith(ClusteringKind.Localhost, "Sheaf:PrimaryEndpoint");
        else reader.OnlyWith(ClusteringKind.PostgreSql, "Sheaf:AdvertisedAddress");
    }

    /// <summary><c>Sheaf:SiloName</c>: how logs and membership rows call this silo.</summary>
    /// <value>Made up by Orleans by default.</value>
    public string? SiloName { get; }

    /// <summary><c>Sheaf:SiloPort</c>: where other silos reach this one.</summary>
    /// <value>11111 by default.</value>
    public int SiloPort { get; }

    /// <summary><c>Sheaf:HealthPort</c>: where <c>/health/live</c> and <c>/health/ready</c> are served.</summary>
    /// <value>8080 by default.</value>
    public int HealthPort { get; }

    /// <summary>
    /// <c>Sheaf:AdvertisedAddress</c>: the address under which other silos and clients reach this one; an IP address or a host name.
    /// </summary>
    /// <value>The first IPv4 address of the machine's own by default. Not with <see cref="ClusteringKind.Localhost"/>: there it is the loopback address.</value>
    public string? AdvertisedAddress { get; }

    /// <summary>
    /// Where the silo's port and the gateway's listen: the loopback address where the cluster is this machine's, else all addresses, those of IPv6
    /// too where such a one is advertised.
    /// </summary>
    /// <remarks>A host name is looked up for IPv4.</remarks>
    public IPAddress ListenAddress { get; }

    /// <summary><c>Sheaf:PrimaryEndpoint</c>: the silo endpoint of the primary that this silo joins; only with <see cref="ClusteringKind.Localhost"/>.</summary>
    /// <value><see langword="null"/> by default: this silo is the primary.</value>
    public IPEndPoint? PrimaryEndpoint { get; }

    /// <summary>Reads and checks the settings.</summary>
    /// <param name="configuration">Files, environment and command line, already merged.</param>
    /// <exception cref="SettingsException">Something is missing or makes no sense; the message lists all of it.</exception>
    public static new SiloSettings Read(IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        var settings = new SiloSettings(reader);
        reader.ThrowIfAny();
        return settings;
    }
}
