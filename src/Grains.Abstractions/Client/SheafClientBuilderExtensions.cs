using Microsoft.Extensions.DependencyInjection;
using Sheaf;
using Sheaf.Codecs;
using Sheaf.Grains;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>Adds Sheaf to a client of a cluster.</summary>
public static class SheafClientBuilderExtensions
{
    internal const string OnThisSilo = "on this silo";

    /// <summary>Registers <see cref="IWorkflowClient"/> and <see cref="ISheafCluster"/> for the cluster that this client belongs to.</summary>
    /// <param name="client">The client's builder.</param>
    /// <param name="configure">Is given the builder for settings, such as exception types to be made again; null for the defaults. Workflows and workers need not be added to it.</param>
    /// <exception cref="InvalidOperationException">The embedded host of these services runs the workflows already.</exception>
    public static SheafBuilder AddSheaf(this IClientBuilder client, Func<SheafBuilder, SheafBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        SheafBuilder builder = client.Services.AddSheaf(configure ?? (sheaf => sheaf));
        // A silo is a client of its cluster already.
        if (builder.RunsOn == OnThisSilo || !builder.TryRunOn("on the cluster that this is a client of")) return builder;
        client.Services.AddSheafCodecs();
        client.Services.AddClusterClient();
        return builder;
    }

    /// <summary>
    /// Lets workflows of the embedded host among the same services call the cluster's grains as children (<c>group.Call</c>): what the grains
    /// throw arrives whole, and a cancelled call ends when the grain's method has (rule R1), which Orleans' clients do not wait for by themselves.
    /// </summary>
    /// <param name="client">The client's builder.</param>
    /// <remarks>Turns <see cref="MessagingOptions.WaitForCancellationAcknowledgement"/> on, for all calls of this client.</remarks>
    public static IClientBuilder AddSheafCalls(this IClientBuilder client)
    {
        ArgumentNullException.ThrowIfNull(client);
        client.Services.AddSheafCodecs();
        client.Services.Configure<ClientMessagingOptions>(options => options.WaitForCancellationAcknowledgement = true);
        return client;
    }

    /// <summary>Adds the client, as which a silo serves its own code too.</summary>
    internal static void AddClusterClient(this IServiceCollection services)
    {
        services.AddSingleton<ClusterClient>();
        services.AddSingleton<IWorkflowClient>(provider => provider.GetRequiredService<ClusterClient>());
        services.AddSingleton<ISheafCluster>(provider => provider.GetRequiredService<ClusterClient>());
    }
}
