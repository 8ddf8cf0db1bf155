using Microsoft.Extensions.DependencyInjection;
using Sheaf;
using Sheaf.Codecs;
using Sheaf.Grains;

namespace Orleans.Hosting;

/// <summary>Adds Sheaf to a client of a cluster.</summary>
public static class SheafClientBuilderExtensions
{
    /// <summary>Registers <see cref="IWorkflowClient"/> and <see cref="ISheafCluster"/> for the cluster that this client belongs to.</summary>
    /// <param name="client">The client's builder.</param>
    /// <param name="configure">Is given the builder for settings, such as exception types to be made again; null for the defaults. Workflows and workers need not be added to it.</param>
    public static SheafBuilder AddSheaf(this IClientBuilder client, Func<SheafBuilder, SheafBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        SheafBuilder builder = client.Services.AddSheaf(configure ?? (sheaf => sheaf));
        if (builder.RunsOn is not null) return builder;
        builder.RunsOn = "on the cluster that this is a client of";
        client.Services.AddSheafCodecs();
        client.Services.AddClusterClient();
        return builder;
    }

    /// <summary>Adds the client, as which a silo serves its own code too.</summary>
    internal static void AddClusterClient(this IServiceCollection services)
    {
        services.AddSingleton<ClusterClient>();
        services.AddSingleton<IWorkflowClient>(provider => provider.GetRequiredService<ClusterClient>());
        services.AddSingleton<ISheafCluster>(provider => provider.GetRequiredService<ClusterClient>());
    }
}
