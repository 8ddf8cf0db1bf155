using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Sheaf.Settings;

/// <summary>Which cluster, and where its silos are found: the same for silos and for clients.</summary>
internal class ClusterSettings
{
    /// <summary>The name of the connection string: <c>ConnectionStrings:Sheaf</c>.</summary>
    public const string ConnectionName = "Sheaf";

    /// <summary>Reads the settings; mistakes stay with the reader.</summary>
    public ClusterSettings(SettingsReader reader)
    {
        Clustering = reader.Choice("Sheaf:Clustering", ClusteringKind.Localhost);
        ClusterId = reader.Text("Sheaf:ClusterId") ?? "sheaf";
        ServiceId = reader.Text("Sheaf:ServiceId") ?? "sheaf";
        GatewayPort = reader.Port("Sheaf:GatewayPort", 30000);
        ConnectionString = reader.Text($"ConnectionStrings:{ConnectionName}");
        TelemetryToConsole = reader.Choice("otel", TelemetryOutput.None, shownAs: "--otel") == TelemetryOutput.Console;
        Otlp = (reader.Url("OTEL_EXPORTER_OTLP_ENDPOINT") is null ? OtlpSignals.None : OtlpSignals.All)
            | (reader.Url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") is null ? OtlpSignals.None : OtlpSignals.Traces)
            | (reader.Url("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") is null ? OtlpSignals.None : OtlpSignals.Metrics)
            | (reader.Url("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT") is null ? OtlpSignals.None : OtlpSignals.Logs);
        if (Clustering == ClusteringKind.PostgreSql || ConnectionString is not null) reader.Connection($"ConnectionStrings:{ConnectionName}", ConnectionString);
    }

    /// <summary><c>Sheaf:Clustering</c>: where silos find each other, and clients them.</summary>
    /// <value><see cref="ClusteringKind.Localhost"/> by default.</value>
    public ClusteringKind Clustering { get; }

    /// <summary><c>Sheaf:ClusterId</c>: silos and clients with the same cluster id are one cluster.</summary>
    /// <value><c>sheaf</c> by default.</value>
    public string ClusterId { get; }

    /// <summary><c>Sheaf:ServiceId</c>: what stays the same when the cluster id changes from one deployment to the next.</summary>
    /// <value><c>sheaf</c> by default.</value>
    public string ServiceId { get; }

    /// <summary><c>Sheaf:GatewayPort</c>: where clients reach a silo. A client needs it with <see cref="ClusteringKind.Localhost"/> only.</summary>
    /// <value>30000 by default.</value>
    public int GatewayPort { get; }

    /// <summary>
    /// <c>ConnectionStrings:Sheaf</c>: the database; needed for <see cref="ClusteringKind.PostgreSql"/>.
    /// </summary>
    /// <remarks>
    /// A silo that has one keeps the journal in it, whatever the clustering. Without one, the journal is in the silo's memory: it ends
    /// with the silo, and is right for a cluster of one silo only, since another would not see its workflows.
    /// </remarks>
    public string? ConnectionString { get; }

    /// <summary>The connection string for membership and journal, with a search path: its own, or the schema <c>public</c>.</summary>
    /// <remarks>
    /// Without one, PostgreSQL looks in the schema that has the user's name first, if there is one. Whether there is may change while
    /// silos start, as the journal makes a schema; and a client with another user would look elsewhere.
    /// </remarks>
    public string DatabaseConnectionString => WithSearchPath(ConnectionString!);

    /// <summary><c>--otel console</c>: whether traces and metrics are printed.</summary>
    public bool TelemetryToConsole { get; }

    /// <summary>What is sent by OTLP: all with the standard <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, or what has an endpoint of its own.</summary>
    /// <value>Nothing by default.</value>
    public OtlpSignals Otlp { get; }

    /// <summary>Reads and checks a client's settings.</summary>
    /// <param name="configuration">Environment and command line, already merged.</param>
    /// <exception cref="SettingsException">Something is missing or makes no sense; the message lists all of it.</exception>
    public static ClusterSettings Read(IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        var settings = new ClusterSettings(reader);
        reader.ThrowIfAny();
        return settings;
    }

    /// <summary>A connection string with a search path: its own, or the schema <c>public</c>.</summary>
    public static string WithSearchPath(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        if (string.IsNullOrWhiteSpace(builder.SearchPath)) builder.SearchPath = "public";
        return builder.ToString();
    }

    private enum TelemetryOutput
    {
        None,
        Console,
    }
}
