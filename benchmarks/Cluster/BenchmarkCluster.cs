using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;
using Sheaf.Journal;

namespace Sheaf.Benchmarks.Cluster;

/// <summary>Three silos in this process and a client of theirs, with Orleans' messaging and serializer between all of them.</summary>
public sealed class BenchmarkCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private BenchmarkCluster(InProcessTestCluster cluster) => _cluster = cluster;

    /// <summary>The client of workflows.</summary>
    public IWorkflowClient Client => _cluster.Client.ServiceProvider.GetRequiredService<IWorkflowClient>();

    /// <summary>The client of grains.</summary>
    public IGrainFactory Grains => _cluster.Client;

    /// <summary>Starts the cluster; all its silos write to one journal.</summary>
    public static async Task<BenchmarkCluster> StartAsync(IJournal journal)
    {
        InProcessTestClusterBuilder builder = new(3);
        builder.ConfigureSilo((_, silo) => silo.AddSheaf(ClusterCode.Add).UseJournal(journal));
        builder.ConfigureClient(client => client.AddSheaf());
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        return new BenchmarkCluster(cluster);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
