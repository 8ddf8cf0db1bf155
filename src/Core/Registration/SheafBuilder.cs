using Microsoft.Extensions.DependencyInjection;

namespace Sheaf;

/// <summary>Collects the workflows and workers of an application, and its host.</summary>
/// <remarks>For start-up; not thread-safe.</remarks>
public sealed class SheafBuilder
{
    internal SheafBuilder(IServiceCollection services) => Services = services;

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }

    internal SheafOptions Options { get; private set; } = new();

    internal CodeRegistry Registry { get; } = new();

    /// <summary>Registers a workflow under the name of its <see cref="WorkflowAttribute"/>.</summary>
    /// <typeparam name="TWorkflow">Its class. Made anew for each run, with constructor injection.</typeparam>
    /// <exception cref="InvalidOperationException">The class has no name, or another class has the same.</exception>
    public SheafBuilder AddWorkflow<TWorkflow>()
        where TWorkflow : Workflow
    {
        Registry.Workflows.Add(Run.NameOfWorkflow(typeof(TWorkflow)), typeof(TWorkflow));
        return this;
    }

    /// <summary>Registers a worker under the name of its <see cref="WorkerAttribute"/>.</summary>
    /// <typeparam name="TWorker">Its class. Made anew for each delivery, with constructor injection.</typeparam>
    /// <exception cref="InvalidOperationException">The class has no name, or another class has the same.</exception>
    public SheafBuilder AddWorker<TWorker>()
        where TWorker : Worker
    {
        Registry.Workers.Add(Run.NameOfWorker(typeof(TWorker)), typeof(TWorker));
        return this;
    }

    /// <summary>Sets the settings; without it the defaults hold.</summary>
    /// <param name="options">The settings.</param>
    /// <exception cref="InvalidOperationException">A setting is out of its range; the message names it.</exception>
    public SheafBuilder UseOptions(SheafOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        return this;
    }
}
