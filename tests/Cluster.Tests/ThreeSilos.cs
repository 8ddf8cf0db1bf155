using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Orleans.TestingHost;
using Sheaf.Calls;
using Sheaf.Cluster.Tests.Calls;

[assembly: AssemblyFixture(typeof(Sheaf.Cluster.Tests.ThreeSilos))]

namespace Sheaf.Cluster.Tests;

/// <summary>One cluster for all tests: three silos and a client, in this process, with Orleans' serializer between them.</summary>
public sealed class ThreeSilos : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster;

    public ThreeSilos()
    {
        InProcessTestClusterBuilder builder = new(3);
        builder.ConfigureSilo((_, silo) => silo
            .AddSheafCalls()
            .AddSheafCalls()
            .AddIncomingGrainCallFilter<WitnessFilter>());
        _cluster = builder.Build();
    }

    public IGrainFactory Client => _cluster.Client;

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    /// <summary>The grains as code on this silo sees them.</summary>
    public IGrainFactory On(int silo) => _cluster.Silos[silo].SiloHost.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Activates a grain on a silo, and checks that it is there.</summary>
    public async Task PlaceAsync<TGrain>(string key, int silo)
        where TGrain : IGrainWithStringKey, ILocated
    {
        SiloAddress address = _cluster.Silos[silo].SiloAddress;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, address);
        try
        {
            Assert.Equal(address.ToString(), await _cluster.Client.GetGrain<TGrain>(key).WhereAsync());
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}

/// <summary>A grain that says where it is.</summary>
public interface ILocated : IGrain
{
    [Alias("WhereAsync")]
    Task<string> WhereAsync();
}
