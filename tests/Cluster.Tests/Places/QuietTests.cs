using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Core.Internal;
using Orleans.Runtime;
using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Grains;

namespace Sheaf.Cluster.Tests.Places;

/// <summary>What happens every day is no error, and no message that somebody is told to look after.</summary>
public sealed class QuietTests : IDisposable
{
    private readonly SiloLog _log = new();

    [Fact]
    public async Task Join_OfAnotherSilo_LogsNothing()
    {
        await using FieldCluster cluster = await StartAsync();
        await cluster.AddAsync();
        await cluster.AddAsync();
        Assert.DoesNotContain(_log.Said, said => IsWrong(said));
    }

    [Fact]
    public async Task End_OfAWorkflowWhoseActivationEndedBefore_LogsNothing()
    {
        await using FieldCluster cluster = await StartAsync();
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(1));
        await cluster.Field.StartedAsync(1);
        // As the directory does where the silo that had its entry is gone.
        IGrainFactory grains = cluster.Silos[0].SiloHost.Services.GetRequiredService<IGrainFactory>();
        await grains.GetGrain<IWorkflowGrain>(id.Value).AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await cluster.Field.GuardAsync(Polling.UntilAsync(async () => (await ActivationsAsync(grains)).Count == 0), "the activation's end");
        cluster.Field.Open("open");
        await cluster.HeaderAsync(id, header => header.Status == WorkflowStatus.Succeeded);
        await cluster.LetGoAsync(id);
        Assert.DoesNotContain(_log.Said, said => IsWrong(said));

        async Task<IReadOnlyList<DetailedGrainStatistic>> ActivationsAsync(IGrainFactory factory) =>
            [.. (await factory.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics()).Where(grain => grain.GrainId.Key.ToString() == id.Value)];
    }

    public void Dispose() => _log.Dispose();

    private Task<FieldCluster> StartAsync() => FieldCluster.StartAsync(new Wanted { Silos = 2, Silo = silo => silo.Services.AddSingleton<ILoggerProvider>(_log) });

    // A task that failed, a silo that did not say what it can run, and Orleans' word on a call that could not be placed.
    private static bool IsWrong(string said) => said.StartsWith("Sheaf.Cluster[20]", StringComparison.Ordinal) || said.StartsWith("Sheaf.Cluster[45]", StringComparison.Ordinal) || said.StartsWith("Orleans.Messaging[100071]", StringComparison.Ordinal);
}
