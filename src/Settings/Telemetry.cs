using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Sheaf.Settings;

/// <summary>Traces and metrics of Orleans and Sheaf, to where the settings say; without a receiver nothing is collected.</summary>
internal static class Telemetry
{
    /// <summary>Adds the exporters. The standard <c>OTEL_*</c> variables apply; <c>OTEL_SERVICE_NAME</c> replaces <paramref name="service"/>.</summary>
    /// <param name="services">The process's services.</param>
    /// <param name="settings">Where telemetry goes.</param>
    /// <param name="configuration">What the settings were read from.</param>
    /// <param name="service">What the process is.</param>
    /// <param name="instance">Which one of several; null for a name made up.</param>
    public static void AddSheafTelemetry(
        this IServiceCollection services, ClusterSettings settings, IConfiguration configuration, string service, string? instance = null)
    {
        if (!settings.TelemetryToConsole && !settings.TelemetryToOtlp) return;
        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry();
        if (configuration["OTEL_SERVICE_NAME"] is null)
            telemetry.ConfigureResource(resource => resource.AddService(service, serviceInstanceId: instance));
        telemetry.WithTracing(tracing =>
        {
            tracing.AddSource("Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application", "Sheaf");
            if (settings.TelemetryToConsole) tracing.AddConsoleExporter();
        });
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter("Microsoft.Orleans", "Sheaf");
            if (settings.TelemetryToConsole) metrics.AddConsoleExporter();
        });
        if (settings.TelemetryToOtlp) telemetry.UseOtlpExporter();
    }
}
