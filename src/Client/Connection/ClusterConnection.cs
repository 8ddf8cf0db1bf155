using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Sheaf.Client.Connection;

/// <summary>A client of a cluster, connected until it is disposed of.</summary>
/// <param name="host">The client's host.</param>
/// <param name="silos">Silos of this process, which end after the client; null where they are elsewhere.</param>
internal sealed class ClusterConnection(IHost host, LocalSilos? silos = null) : IAsyncDisposable
{
    /// <summary>Runs workflows.</summary>
    public IWorkflowClient Workflows { get; } = host.Services.GetRequiredService<IWorkflowClient>();

    /// <summary>Looks at what runs where.</summary>
    public ISheafCluster Cluster { get; } = host.Services.GetRequiredService<ISheafCluster>();

    /// <summary>The exception types that are made again here.</summary>
    public FailureTypes FailureTypes { get; } = host.Services.GetRequiredService<SheafOptions>().FailureTypes;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        if (silos is not null) await silos.DisposeAsync();
    }
}
