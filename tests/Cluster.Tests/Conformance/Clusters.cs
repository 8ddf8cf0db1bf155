using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Conformance;
using Sheaf.Grains;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Conformance;

/// <summary>A cluster in this process, with Orleans' serializer and messaging between its silos and its client.</summary>
public sealed class ClusterProcess : HostProcess
{
    private readonly InProcessTestCluster _cluster;
    private readonly bool _stays;
    private bool _hasStopped;

    private ClusterProcess(InProcessTestCluster cluster, bool stays)
    {
        _cluster = cluster;
        _stays = stays;
    }

    public InProcessTestCluster Cluster => _cluster;

    public override IWorkflowClient Client => _cluster.Client.ServiceProvider.GetRequiredService<IWorkflowClient>();

    public override int InMemory => Owners.Sum(owner => owner.InMemory);

    private IEnumerable<WorkflowOwner> Owners => Hosts.Select(host => host.Workflows);

    private IEnumerable<ClusterHost> Hosts => _cluster.Silos.Select(silo => silo.SiloHost.Services.GetRequiredService<ClusterHost>());

    public override Task LetGoAsync(WorkflowId id) => Task.WhenAll(Owners.Select(owner => owner.Find(id)?.WhenLetGo ?? Task.CompletedTask));

    public static async Task<ClusterProcess> StartAsync(int silos, IJournal journal, TimeProvider time, Func<SheafBuilder, SheafBuilder> configure, bool stays = false)
    {
        InProcessTestClusterBuilder builder = new((short)silos);
        builder.ConfigureSilo((_, silo) =>
        {
            // Two of them on one journal are no cluster: to each the other's silos are dead. One takes over at its start, and no more.
            silo.Services.Configure<SheafSiloOptions>(options => options.SweepPeriod = TimeSpan.FromHours(1));
            silo.AddSheaf(configure).UseTimeProvider(time).UseJournal(journal);
        });
        builder.ConfigureClient(client => client.AddSheaf(configure));
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        ClusterProcess process = new(cluster, stays);
        await process.SettleAsync();
        return process;
    }

    public override async Task StopAsync()
    {
        _hasStopped = true;
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_stays || _hasStopped) return;
        await EndAsync();
    }

    /// <summary>
    /// Every silo knows what every other can run. A child that still waits for that is ended by a cancellation without having begun, and
    /// suites ask what children read that were cancelled at once.
    /// </summary>
    private async Task SettleAsync()
    {
        using CancellationTokenSource bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(TimeSpan.FromMinutes(2));
        await Polling.SilosKnowEachOtherAsync([.. _cluster.Silos], bound.Token);
    }

    /// <summary>The end of all its silos, as of processes that are killed: nothing is handed over.</summary>
    public async Task EndAsync()
    {
        foreach (InProcessSiloHandle silo in _cluster.Silos.ToArray()) await _cluster.KillSiloAsync(silo);
        await _cluster.DisposeAsync();
    }
}

/// <summary>Plans on three silos that all tests share.</summary>
public sealed class ThreeSiloHost : DurableHost
{
    private static readonly RelayTime SharedTime = new();
    private static readonly SemaphoreSlim Starting = new(1, 1);
    private static ClusterProcess? _shared;

    public override Capabilities Capabilities => Capabilities.Durable | Capabilities.Fenced;

    public override async Task<HostProcess> StartProcessAsync(IJournal journal, TimeProvider time, Func<SheafBuilder, SheafBuilder> configure)
    {
        await Starting.WaitAsync();
        try
        {
            _shared ??= await ClusterProcess.StartAsync(3, new MemoryJournal(), SharedTime, AddPlans, stays: true);
            SharedTime.Current = time;
            return _shared;
        }
        finally
        {
            Starting.Release();
        }
    }

    public static async ValueTask EndAsync()
    {
        if (_shared is not null) await _shared.EndAsync();
    }
}

/// <summary>Processes that are clusters of one silo each: they end, and are followed by others on the same journal.</summary>
public sealed class OneSiloHost : DurableHost
{
    public override Capabilities Capabilities => Capabilities.Durable | Capabilities.Fenced;

    public override async Task<HostProcess> StartProcessAsync(IJournal journal, TimeProvider time, Func<SheafBuilder, SheafBuilder> configure) =>
        await ClusterProcess.StartAsync(1, journal, time, configure);
}

/// <summary>Ends what tests share.</summary>
public sealed class SharedCluster : IAsyncDisposable
{
    public ValueTask DisposeAsync() => ThreeSiloHost.EndAsync();
}
