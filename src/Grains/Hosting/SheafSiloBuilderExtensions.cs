using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Runtime;
using Sheaf;
using Sheaf.Calls;
using Sheaf.Grains;
using Sheaf.Journal;

namespace Orleans.Hosting;

/// <summary>Adds Sheaf to a silo.</summary>
public static class SheafSiloBuilderExtensions
{
    /// <summary>
    /// Lets a silo own workflows and run workers. All silos of a cluster should have the same workflows and one journal; workers may
    /// differ: a child goes where its worker is.
    /// </summary>
    /// <param name="silo">The silo's builder.</param>
    /// <param name="configure">Is given the builder to add workflows and workers to.</param>
    /// <returns>
    /// The builder: choose the journal on it, such as <c>.UsePostgreSqlJournal(…)</c>. Without one it is in the silo's memory, and a
    /// workflow ends with its silo. The same one for every call, so that several parts of an application can add theirs.
    /// </returns>
    /// <remarks>
    /// Registers <see cref="IWorkflowClient"/> and <see cref="ISheafCluster"/> among the silo's services too. Turns the waiting for
    /// acknowledgements of cancelled grain calls on for the silo, since a task group ends after its children (rule R1).
    /// </remarks>
    /// <exception cref="InvalidOperationException">The embedded host of these services, or a cluster that they are a client of, runs the workflows already.</exception>
    public static SheafBuilder AddSheaf(this ISiloBuilder silo, Func<SheafBuilder, SheafBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(silo);
        SheafBuilder builder = silo.Services.AddSheaf(configure);
        if (!builder.TryRunOn(SheafClientBuilderExtensions.OnThisSilo)) return builder;
        silo.AddSheafCalls();
        IServiceCollection services = silo.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IJournal>(_ => new MemoryJournal());
        services.AddOptions<SheafSiloOptions>();
        services.AddTransient<IConfigurationValidator, SheafSiloOptionsValidator>();
        services.AddPlacementDirector<SitePlacement, SitePlacementDirector>();
        services.AddSingleton<ClusterHost>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<ClusterHost>());
        services.AddClusterClient();
        return builder;
    }
}
