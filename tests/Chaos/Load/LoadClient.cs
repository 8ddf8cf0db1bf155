using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Sheaf.Chaos.Load;

/// <summary>A client of the cluster, with the settings of <c>src/Client</c>.</summary>
internal sealed class LoadClient : IAsyncDisposable
{
    private readonly IHost _host;

    private LoadClient(IHost host) => _host = host;

    public IWorkflowClient Workflows => _host.Services.GetRequiredService<IWorkflowClient>();

    public ISheafCluster Cluster => _host.Services.GetRequiredService<ISheafCluster>();

    public static async Task<LoadClient> StartAsync(string database)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("sheaf", "sheaf"));
            client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", database));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(15));
            client.AddSheaf();
        });
        IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new LoadClient(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
