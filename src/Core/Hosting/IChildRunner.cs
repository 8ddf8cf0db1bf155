using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>Runs the leaves of one workflow, wherever that is. Called by the workflow's actor only, but for its view.</summary>
/// <remarks>Ends of leaves, and deliveries that turn out to be lost, are posted to the actor; nothing here waits.</remarks>
internal interface IChildRunner
{
    /// <summary>What it knows of children that run or wait. Called by any thread.</summary>
    IRunningView View { get; }

    /// <summary>Deliveries that end with this host.</summary>
    IReadOnlyList<Delivery> EndingWithHost { get; }

    /// <summary>Whether this delivery is under way: waiting, running, or ended and not applied yet.</summary>
    bool Has(Delivery delivery);

    /// <summary>Takes over workers' deliveries of an earlier owner (D8). Those that run nowhere any more are posted as lost.</summary>
    void Attach(IReadOnlyList<Delivery> deliveries);

    /// <summary>Why no host will ever run a worker's delivery; null where one does, or may come that does.</summary>
    string? WhyNever(DispatchWorker dispatch);

    void Start(DispatchWorker dispatch);

    void Start(RunStep step);

    void Start(RunWorkflow run);

    /// <summary>What was started since the last call goes on its way: together, since that costs less.</summary>
    void Flush();

    /// <summary>Signals the leaves of a scope: those that run, and those that are on their way (C3).</summary>
    void Cancel(int scope, CancellationCause cause);

    /// <summary>Nothing of the scope runs any more.</summary>
    void Close(int scope);

    /// <summary>The end of a delivery has been applied and journaled, or was late.</summary>
    void OnApplied(ChildId child, int delivery);

    /// <summary>The actor ends: signals whatever still runs beside it. What runs elsewhere another owner may want (D8).</summary>
    /// <param name="cause">Why.</param>
    void Abandon(CancellationCause cause);
}
