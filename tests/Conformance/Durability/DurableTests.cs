using Sheaf.Journal;

namespace Sheaf.Conformance;

/// <summary>The base of suites for durable hosts: processes on a journal, that end and are followed by others.</summary>
public abstract class DurableTests<THost> : RuleTests<THost>
    where THost : DurableHost, new()
{
    private readonly List<HostProcess> _processes = [];

    protected MemoryJournal Journal { get; } = new();

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        Stage.OpenAll();
        foreach (HostProcess process in _processes) await EndAsync(process);
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts a process with plans and whatever else is added.</summary>
    protected async Task<HostProcess> StartAsync(IJournal? journal = null, Func<SheafBuilder, SheafBuilder>? configure = null)
    {
        HostProcess process = await Host.StartProcessAsync(journal ?? Journal, Host.Time, sheaf => (configure ?? (same => same))(DurableHost.AddPlans(sheaf)));
        _processes.Add(process);
        return process;
    }

    protected Task EndAsync(HostProcess process) => Stage.GuardAsync(process.DisposeAsync().AsTask(), "the process's end");

    /// <summary>Ends a process in order.</summary>
    protected async Task StopAsync(HostProcess process)
    {
        _processes.Remove(process);
        await Stage.GuardAsync(process.StopAsync(), "the process's stop");
    }

    protected async Task BeginAsync(HostProcess process, GroupPlan plan) =>
        Assert.True(await process.Client.StartAsync(Run.Workflow<PlanWorkflow>(), Stage.Id, new PlanInput(Stage.Id, plan)));

    protected Task<string> ResultAsync(HostProcess process) => Stage.GuardAsync(process.Client.ResultAsync<string>(Stage.Id), "the workflow's result");

    protected async Task<PlanEnd> EndOfAsync(HostProcess process) => await new PlanRun(Stage, process.Client.ResultAsync<string>(Stage.Id)).EndAsync();

    /// <summary>D2: whatever was lost and repeated, the journal has one end of each child.</summary>
    protected async Task AssertOneOutcomeAChildAsync(HostProcess process, WorkflowId id)
    {
        List<WorkflowEvent> events = await EventsAsync(process, id);
        Assert.All(events.Where(seen => seen.Kind == WorkflowEventKind.ChildEnded).GroupBy(seen => seen.PathText), ends => Assert.Single(ends));
        Assert.Single(events, seen => seen.Kind == WorkflowEventKind.WorkflowEnded);
    }

    protected Task<List<WorkflowEvent>> EventsAsync(HostProcess process, WorkflowId id)
    {
        return Stage.GuardAsync(ReadAsync(), "the end of the events");

        async Task<List<WorkflowEvent>> ReadAsync()
        {
            List<WorkflowEvent> events = [];
            await foreach (WorkflowEvent @event in process.Client.WatchAsync(id)) events.Add(@event);
            return events;
        }
    }
}
