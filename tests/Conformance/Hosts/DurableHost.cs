using Sheaf.Journal;

namespace Sheaf.Conformance;

/// <summary>A running process of a durable host. Disposing of it is the process's end, as when it is killed.</summary>
public abstract class HostProcess : IAsyncDisposable
{
    public abstract IWorkflowClient Client { get; }

    /// <summary>Ends the process in order: there is time to say goodbye.</summary>
    public abstract Task StopAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>How many workflows are in memory.</summary>
    public abstract int InMemory { get; }

    /// <summary>Completes when a workflow that is in memory has left it, or has ended.</summary>
    public abstract Task LetGoAsync(WorkflowId id);
}

/// <summary>A host of workflows: all that a suite needs of it is to start a process on a journal.</summary>
public abstract class DurableHost : PlanHost
{
    private HostProcess? _process;

    /// <summary>The client of the process that plans run in.</summary>
    public IWorkflowClient Client => _process!.Client;

    /// <summary>Starts a process on a journal; one that was left unfinished there is resumed.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="time">The clock.</param>
    /// <param name="configure">Adds workflows, workers and settings.</param>
    public abstract Task<HostProcess> StartProcessAsync(IJournal journal, TimeProvider time, Func<SheafBuilder, SheafBuilder> configure);

    public override async ValueTask StartAsync() => _process = await StartProcessAsync(new MemoryJournal(), Time, AddPlans);

    public override async Task<string> RunAsync(Stage stage, GroupPlan plan, CancellationToken outside) =>
        await Client.RunAsync(Run.Workflow<PlanWorkflow>(), stage.Id, new PlanInput(stage.Id, plan), outside);

    public static SheafBuilder AddPlans(SheafBuilder sheaf) => sheaf
        .AddWorkflow<PlanWorkflow>()
        .AddWorker<PlanWorker>()
        .UseOptions(new SheafOptions { FailureTypes = new FailureTypes().Register((message, _) => new RegisteredException(message)) });

    public override async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
