using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Sheaf.Silo.Configuration;

namespace Sheaf.Silo.Telemetry;

/// <summary>Traces and metrics of Orleans and Sheaf, to where the settings say; without a receiver nothing is collected.</summary>
internal static class SiloTelemetry
{
    /// <summary>Adds the exporters. The standard <c>OTEL_*</c> variables apply; <c>OTEL_SERVICE_NAME</c> replaces <c>sheaf-silo</c>.</summary>
    public static void AddSiloTelemetry(this WebApplicationBuilder builder, SiloSettings settings)
    {
        if (!settings.TelemetryToConsole && !settings.TelemetryToOtlp) return;
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry();
        if (builder.Configuration["OTEL_SERVICE_NAME"] is null)
            telemetry.ConfigureResource(resource => resource.AddService("sheaf-silo", serviceInstanceId: settings.SiloName));
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
