using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Sheaf.Settings;

/// <summary>Traces and metrics of Orleans and Sheaf, and by OTLP what is logged, to where the settings say; without a receiver nothing is collected.</summary>
internal static class Telemetry
{
    /// <summary>Adds the exporters. The standard <c>OTEL_*</c> variables apply.</summary>
    /// <param name="services">The process's services.</param>
    /// <param name="settings">Where telemetry goes.</param>
    /// <param name="configuration">What the settings were read from.</param>
    /// <param name="service">What the process is. <c>OTEL_SERVICE_NAME</c> and <c>OTEL_RESOURCE_ATTRIBUTES</c> replace it.</param>
    /// <param name="instance">Which one of several; null for a name made up. <c>OTEL_RESOURCE_ATTRIBUTES</c> replace it.</param>
    public static void AddSheafTelemetry(
        this IServiceCollection services, ClusterSettings settings, IConfiguration configuration, string service, string? instance = null)
    {
        bool console = settings.TelemetryToConsole;
        if (!console && settings.Otlp == OtlpSignals.None) return;
        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry();
        // The variables come last, and win: what they do not say stays.
        telemetry.ConfigureResource(resource => resource.AddService(service, serviceInstanceId: instance).AddEnvironmentVariableDetector());
        if (console || settings.Otlp.HasFlag(OtlpSignals.Traces))
        {
            telemetry.WithTracing(tracing =>
            {
                tracing.AddSource("Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application", "Sheaf");
                if (console) tracing.AddConsoleExporter();
                if (settings.Otlp.HasFlag(OtlpSignals.Traces)) tracing.AddOtlpExporter(options => Apply(configuration, "TRACES", options));
            });
        }

        if (console || settings.Otlp.HasFlag(OtlpSignals.Metrics))
        {
            telemetry.WithMetrics(metrics =>
            {
                metrics.AddMeter("Microsoft.Orleans", "Sheaf");
                if (console) metrics.AddConsoleExporter();
                if (settings.Otlp.HasFlag(OtlpSignals.Metrics)) metrics.AddOtlpExporter(options => Apply(configuration, "METRICS", options));
            });
        }

        if (settings.Otlp.HasFlag(OtlpSignals.Logs)) telemetry.WithLogging(logging => logging.AddOtlpExporter(options => Apply(configuration, "LOGS", options)));
    }

    /// <summary>
    /// The variables of one signal. The exporters read only those of all signals; <c>UseOtlpExporter</c> reads these too, and exports all signals,
    /// whichever has an endpoint.
    /// </summary>
    private static void Apply(IConfiguration configuration, string signal, OtlpExporterOptions options)
    {
        var reader = new SettingsReader(configuration);
        // With an endpoint of its own no path is added, as the standard says.
        if (reader.Url($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") is { } endpoint) options.Endpoint = endpoint;
        if (reader.Text($"OTEL_EXPORTER_OTLP_{signal}_HEADERS") is { } headers) options.Headers = headers;
        if (int.TryParse(reader.Text($"OTEL_EXPORTER_OTLP_{signal}_TIMEOUT"), NumberStyles.None, CultureInfo.InvariantCulture, out int timeout)) options.TimeoutMilliseconds = timeout;
        options.Protocol = reader.Text($"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") switch
        {
            "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            _ => options.Protocol,
        };
        options.Compression = reader.Text($"OTEL_EXPORTER_OTLP_{signal}_COMPRESSION") switch
        {
            "gzip" => OtlpExportCompression.GZip,
            "none" => OtlpExportCompression.None,
            _ => options.Compression,
        };
    }
}
