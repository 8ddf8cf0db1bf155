using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Sheaf;
using Sheaf.Embedded;
using Sheaf.Journal;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Sheaf to an application's services.</summary>
public static class SheafServiceCollectionExtensions
{
    /// <summary>Registers workflows and workers. Choose where they run on what this returns: <c>.UseEmbedded()</c>.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Is given the builder to add workflows and workers to.</param>
    public static SheafBuilder AddSheaf(this IServiceCollection services, Func<SheafBuilder, SheafBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        SheafBuilder builder = new(services);
        configure(builder);
        services.AddSingleton(builder.Registry);
        // Asked for late: options may still be set on what this returns.
        services.AddSingleton(_ => builder.Options);
        return builder;
    }

    /// <summary>Runs workflows and workers in this process, with the journal in memory: they end with the process.</summary>
    /// <param name="builder">What <see cref="AddSheaf"/> returned.</param>
    /// <returns>The application's services.</returns>
    public static IServiceCollection UseEmbedded(this SheafBuilder builder) => UseEmbedded(builder, new MemoryJournal());

    /// <summary>Runs workflows and workers in this process, with a journal of one's own choice.</summary>
    /// <param name="builder">What <see cref="AddSheaf"/> returned.</param>
    /// <param name="journal">The journal. Workflows in it that have not ended are resumed at start-up.</param>
    /// <returns>The application's services.</returns>
    /// <remarks>The journal stays its maker's: it is not disposed of with the services, so that another host can go on with it.</remarks>
    public static IServiceCollection UseEmbedded(this SheafBuilder builder, IJournal journal)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(journal);
        return builder.UseEmbeddedHost();
    }

    /// <summary>Runs workflows and workers in this process, with a journal made when the services are built.</summary>
    /// <param name="builder">What <see cref="AddSheaf"/> returned.</param>
    /// <param name="journal">Makes the journal. It is disposed of with the services. Workflows in it that have not ended are resumed at start-up.</param>
    /// <returns>The application's services.</returns>
    public static IServiceCollection UseEmbedded(this SheafBuilder builder, Func<IServiceProvider, IJournal> journal)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(journal);
        return builder.UseEmbeddedHost();
    }

    private static IServiceCollection UseEmbeddedHost(this SheafBuilder builder)
    {
        IServiceCollection services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<EmbeddedHost>();
        services.AddSingleton<IWorkflowClient, EmbeddedClient>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<EmbeddedHost>());
        return services;
    }
}
