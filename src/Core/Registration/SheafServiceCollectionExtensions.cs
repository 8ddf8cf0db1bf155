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
    /// <returns>The builder; the same one for every call on these services, so that several parts of an application can add theirs.</returns>
    public static SheafBuilder AddSheaf(this IServiceCollection services, Func<SheafBuilder, SheafBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        if (services.FirstOrDefault(service => service.ServiceType == typeof(SheafBuilder))?.ImplementationInstance is not SheafBuilder builder)
        {
            builder = new SheafBuilder(services);
            services.AddSingleton(builder);
            services.AddSingleton(builder.Registry);
            // Asked for late: options may still be set on what this returns.
            services.AddSingleton(_ => builder.Options);
        }

        configure(builder);
        return builder;
    }

    /// <summary>Sets the journal. Without one it is in memory, and what runs ends with its process.</summary>
    /// <param name="builder">What <see cref="AddSheaf"/> returned.</param>
    /// <param name="journal">The journal. It stays its maker's: it is not disposed of with the services, so that another host can go on with it.</param>
    public static SheafBuilder UseJournal(this SheafBuilder builder, IJournal journal)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(journal);
        builder.Services.RemoveAll<IJournal>().AddSingleton(journal);
        return builder;
    }

    /// <summary>Sets the journal, made when the services are built.</summary>
    /// <param name="builder">What <see cref="AddSheaf"/> returned.</param>
    /// <param name="journal">Makes the journal. It is disposed of with the services.</param>
    public static SheafBuilder UseJournal(this SheafBuilder builder, Func<IServiceProvider, IJournal> journal)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(journal);
        builder.Services.RemoveAll<IJournal>().AddSingleton(journal);
        return builder;
    }

    /// <summary>Runs workflows and workers in this process, with the journal that was set; in memory where none was.</summary>
    /// <param name="builder">What <see cref="AddSheaf"/> returned.</param>
    /// <returns>The application's services.</returns>
    /// <exception cref="InvalidOperationException">A silo of these services, or the cluster that they are a client of, runs them already.</exception>
    public static IServiceCollection UseEmbedded(this SheafBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        IServiceCollection services = builder.Services;
        bool isFirst = builder.TryRunOn("in this process");
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IJournal>(_ => new MemoryJournal());
        if (!isFirst) return services;
        services.AddSingleton<EmbeddedHost>();
        services.AddSingleton<IWorkflowClient, EmbeddedClient>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<EmbeddedHost>());
        return services;
    }

    /// <summary>Runs workflows and workers in this process, with a journal of one's own choice.</summary>
    /// <param name="builder">What <see cref="AddSheaf"/> returned.</param>
    /// <param name="journal">The journal, as for <see cref="UseJournal(SheafBuilder, IJournal)"/>. Workflows in it that have not ended are resumed at start-up.</param>
    /// <returns>The application's services.</returns>
    public static IServiceCollection UseEmbedded(this SheafBuilder builder, IJournal journal) => builder.UseJournal(journal).UseEmbedded();

    /// <summary>Runs workflows and workers in this process, with a journal made when the services are built.</summary>
    /// <param name="builder">What <see cref="AddSheaf"/> returned.</param>
    /// <param name="journal">Makes the journal, as for <see cref="UseJournal(SheafBuilder, Func{IServiceProvider, IJournal})"/>. Workflows in it that have not ended are resumed at start-up.</param>
    /// <returns>The application's services.</returns>
    public static IServiceCollection UseEmbedded(this SheafBuilder builder, Func<IServiceProvider, IJournal> journal) => builder.UseJournal(journal).UseEmbedded();
}
