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

    /// <summary>The clock of workflows and workers; null for that of the services.</summary>
    internal TimeProvider? Time { get; private set; }

    /// <summary>What runs the workflows, once that is decided; for the error that says so.</summary>
    internal string? RunsOn { get; private set; }

    /// <summary>Decides what runs the workflows.</summary>
    /// <param name="place">For people: "in this process".</param>
    /// <returns>Whether this call has decided it; <see langword="false"/> where one before has decided the same.</returns>
    /// <exception cref="InvalidOperationException">Something else runs them: two hosts would take them from each other.</exception>
    internal bool TryRunOn(string place)
    {
        if (RunsOn == place) return false;
        if (RunsOn is { } other) throw new InvalidOperationException($"These workflows run {other} already, and cannot run {place} too. Leave one of the two out, or add them to other services.");
        RunsOn = place;
        return true;
    }

    // Registered apart from the options, which may be replaced afterwards.
    private readonly List<Action<FailureTypes>> _exceptions = [];

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
        foreach (Action<FailureTypes> register in _exceptions) register(options.FailureTypes);
        return this;
    }

    /// <summary>Sets the clock of workflows and of their workers' timeouts: for tests.</summary>
    /// <param name="time">The clock. Without it, the embedded host takes the one among the services, and a silo the system's.</param>
    public SheafBuilder UseTimeProvider(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        Time = time;
        return this;
    }

    /// <summary>Lets an exception type of the application's own be made again where a failure of it arrives (rule E6).</summary>
    /// <typeparam name="TException">The type.</typeparam>
    /// <param name="make">Makes one of a message and an inner exception.</param>
    public SheafBuilder AddException<TException>(Func<string, Exception?, TException> make)
        where TException : Exception
    {
        ArgumentNullException.ThrowIfNull(make);
        _exceptions.Add(types => types.Register(make));
        Options.FailureTypes.Register(make);
        return this;
    }
}
