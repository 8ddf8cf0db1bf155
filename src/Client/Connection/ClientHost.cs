using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Sheaf.Samples.Agent;
using Sheaf.Settings;

namespace Sheaf.Client.Connection;

/// <summary>Makes and starts a client's host.</summary>
internal static class ClientHost
{
    /// <summary>How long a cluster is waited for that does not answer: silos may be starting.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(500);

    /// <summary>Starts a client.</summary>
    /// <param name="settings">For telemetry.</param>
    /// <param name="configuration">What the settings were read from. Telemetry's exporters read their own variables from it.</param>
    /// <param name="useClustering">Says where the silos are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TimeoutException">Nothing answers; the inner exception says why, where it is known.</exception>
    /// <exception cref="OperationCanceledException">The token was signalled.</exception>
    public static async Task<IHost> StartAsync(
        ClusterSettings settings, IConfiguration configuration, Action<IClientBuilder> useClustering, TimeProvider time, CancellationToken cancellationToken)
    {
        Exception? last = null;
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Configuration.AddConfiguration(configuration);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        // The exporter writes to the console's output, which is the results': in the midst of a JSON document there would be none.
        if (settings.TelemetryToConsole) Console.SetOut(Console.Error);
        builder.Services.AddSheafTelemetry(settings, configuration, "sheaf-client");
        builder.UseOrleansClient(client =>
        {
            useClustering(client);
            client.AddActivityPropagation();
            // A silo that is gone is forgotten soon, and no call waits long for it.
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(15));
            client.UseConnectionRetryFilter(async (error, token) =>
            {
                last = error;
                await Task.Delay(BetweenTries, time, token);
                return true;
            });
            client.AddSheaf(sheaf => sheaf.AddAgentExceptions());
        });
        IHost host = builder.Build();
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await host.StartAsync(either.Token).WaitAsync(either.Token);
            return host;
        }
        catch (Exception error)
        {
            // Whatever a start failed with that was cut short.
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"Nothing answered within {Patience.TotalSeconds:0} s.", error is OperationCanceledException ? last : error);
        }
    }

    /// <summary>Signals are this program's own: the host's usual lifetime would stop the client at the first Ctrl+C.</summary>
    internal sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
