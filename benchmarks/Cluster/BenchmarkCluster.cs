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

    /// <summary>The silos that are up.</summary>
    public IReadOnlyList<InProcessSiloHandle> Silos => _cluster.Silos;

    /// <summary>Starts the cluster; all its silos write to one journal.</summary>
    public static Task<BenchmarkCluster> StartAsync(IJournal journal) => StartAsync((sheaf, _) => sheaf.UseJournal(journal));

    /// <summary>Starts the cluster on a database; each silo has connections of its own, under its name.</summary>
    public static Task<BenchmarkCluster> StartOnPostgreSqlAsync(string connectionString) =>
        StartAsync((sheaf, silo) => sheaf.UsePostgreSqlJournal($"{connectionString};Application Name={silo}"));

    private static async Task<BenchmarkCluster> StartAsync(Action<SheafBuilder, string> useJournal)
    {
        InProcessTestClusterBuilder builder = new(3);
        builder.ConfigureSilo((options, silo) => useJournal(silo.AddSheaf(ClusterCode.Add), options.SiloName));
        builder.ConfigureClient(client => client.AddSheaf());
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        return new BenchmarkCluster(cluster);
    }

    /// <summary>Ends a silo as a crash does, and starts another one in its place.</summary>
    public async Task ReplaceAsync(InProcessSiloHandle silo, Func<Task> meanwhile)
    {
        await _cluster.KillSiloAsync(silo);
        await meanwhile();
        await _cluster.StartAdditionalSiloAsync();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
