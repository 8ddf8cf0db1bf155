using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Sheaf.Grains;
using Sheaf.Journal;
using Sheaf.Samples.Agent.Tools;
using Sheaf.Samples.Demos;

namespace Sheaf.Client.Connection;

/// <summary>Silos inside this process, with one journal among them.</summary>
internal sealed class LocalSilos : IAsyncDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);

    private readonly List<Silo> _silos = [];
    private readonly IJournal _journal;
    private readonly DocumentIndex _documents;

    private LocalSilos(IJournal journal, DocumentIndex documents)
    {
        _journal = journal;
        _documents = documents;
    }

    /// <summary>Where clients reach them.</summary>
    public List<int> GatewayPorts { get; } = [];

    /// <summary>Starts silos; from then on they are the caller's, and so is the journal.</summary>
    /// <exception cref="OperationCanceledException">The token was signalled.</exception>
    public static async Task<LocalSilos> StartAsync(int count, IJournal journal, string id, CancellationToken cancellationToken)
    {
        var silos = new LocalSilos(journal, await DocumentIndex.BuildAsync(DocumentIndex.DefaultFolder, cancellationToken));
        try
        {
            int[] ports = FreePorts(2 * count);
            var primary = new IPEndPoint(IPAddress.Loopback, ports[0]);
            for (int i = 0; i < count; i++)
            {
                silos._silos.Add(new Silo(silos.Build($"silo-{i + 1}", ports[2 * i], ports[(2 * i) + 1], i == 0 ? null : primary, id)));
                silos.GatewayPorts.Add(ports[(2 * i) + 1]);
            }

            // The first holds the membership that the others join.
            await silos._silos[0].StartAsync(cancellationToken);
            await Task.WhenAll(silos._silos.Skip(1).Select(silo => silo.StartAsync(cancellationToken)));
            await Task.WhenAll(silos._silos.Select(silo => silo.MeetAsync(count, cancellationToken)));
            return silos;
        }
        catch
        {
            await silos.DisposeAsync();
            // Whatever a start failed with that was cut short.
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The first is the last to go.
        await Task.WhenAll(_silos.Skip(1).Select(silo => silo.EndAsync()));
        await Task.WhenAll(_silos.Take(1).Select(silo => silo.EndAsync()));
        await _documents.DisposeAsync();
        (_journal as IDisposable)?.Dispose();
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return ports;
    }

    private IHost Build(string name, int siloPort, int gatewayPort, IPEndPoint? primary, string id)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton<IHostLifetime, ClientHost.NoLifetime>();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort, primary, serviceId: id, clusterId: id);
            silo.Configure<SiloOptions>(options => options.SiloName = name);
            silo.AddActivityPropagation();
            silo.AddSheaf(sheaf => sheaf.AddDemos(_documents)).UseJournal(_journal);
        });
        return builder.Build();
    }

    private sealed class Silo(IHost host)
    {
        private bool _hasStarted;

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await host.StartAsync(cancellationToken);
            _hasStarted = true;
        }

        /// <summary>Waits until the silo knows what all of them can run: before, it would give work to some of them only.</summary>
        public async Task MeetAsync(int count, CancellationToken cancellationToken)
        {
            SiteLinks links = host.Services.GetRequiredService<ClusterHost>().Links;
            while (links.All.Count(link => link.Workers is not null) < count) await Task.Delay(BetweenLooks, TimeProvider.System, cancellationToken);
        }

        public async Task EndAsync()
        {
            // Orleans refuses to stop a silo that does not run, and that would hide why it does not.
            if (_hasStarted) await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }
}
