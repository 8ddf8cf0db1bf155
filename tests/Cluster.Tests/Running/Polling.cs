using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Sheaf.Grains;

namespace Sheaf.Cluster.Tests.Running;

/// <summary>What silos raise no event for: asked again and again.</summary>
internal static class Polling
{
    /// <summary>Ends when every silo has heard from every other what it can run: only then do children spread over all, and none waits for that.</summary>
    public static Task SilosKnowEachOtherAsync(IReadOnlyCollection<InProcessSiloHandle> silos, CancellationToken cancellationToken = default)
    {
        string[] all = [.. silos.Select(silo => silo.SiloAddress.ToParsableString())];
        ClusterHost[] hosts = [.. silos.Select(silo => silo.SiloHost.Services.GetRequiredService<ClusterHost>())];
        return UntilAsync(() => Task.FromResult(hosts.All(host => all.All(silo => host.Links.All.Any(link => link.Silo == silo && link.Workers is not null)))), cancellationToken);
    }

    /// <summary>Asks again and again, every ten milliseconds.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo, CancellationToken cancellationToken = default)
    {
        while (!await isSo()) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellationToken);
    }
}
