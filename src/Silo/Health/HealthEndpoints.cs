using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Sheaf.Settings;
using Sheaf.Silo.Configuration;

namespace Sheaf.Silo.Health;

/// <summary>The two questions a supervisor asks, over HTTP: 200 is yes, 503 no, and the body says why in a line.</summary>
internal static class HealthEndpoints
{
    private const string Ready = "ready";

    /// <summary>The checks, and the port that they are served on: the loopback address only where the cluster is this machine's.</summary>
    public static void AddSiloHealth(this WebApplicationBuilder builder, SiloSettings settings)
    {
        builder.Services.AddSingleton<StartState>();
        builder.Services.AddHealthChecks().AddCheck<MembershipHealthCheck>("membership", tags: [Ready]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (settings.Clustering == ClusteringKind.Localhost) kestrel.ListenLocalhost(settings.HealthPort);
            else kestrel.ListenAnyIP(settings.HealthPort);
        });
    }

    /// <summary><c>/health/live</c>: the process runs. <c>/health/ready</c>: the silo is a member.</summary>
    public static void MapSiloHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Ready), ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        IEnumerable<string> reasons = report.Entries.Values.Select(entry => entry.Description).OfType<string>();
        return context.Response.WriteAsync($"{string.Join(' ', reasons.Prepend($"{report.Status}."))}\n", context.RequestAborted);
    }
}
