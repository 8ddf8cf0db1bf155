namespace Sheaf.Hosting;

/// <summary>Workflows that are children of others, wherever they have their place. Thread-safe.</summary>
internal interface INestedWorkflows
{
    /// <summary>Starts a workflow, unless it is there. However long that takes: its owner may be about to change.</summary>
    /// <exception cref="InvalidOperationException">The id belongs to another workflow or input, or no such workflow is registered.</exception>
    Task StartAsync(NestedWorkflow nested, CancellationToken cancellationToken);

    /// <summary>Waits for the end of one that was started, however long. One that is stuck is waited for: it has not ended.</summary>
    /// <exception cref="OwnerLostException">The parent has another owner, which waits for it now.</exception>
    Task<WorkflowEnd> EndAsync(NestedWorkflow nested, CancellationToken cancellationToken);

    /// <summary>Asks for the cancellation of one that was started, and does not wait for it.</summary>
    void Cancel(NestedWorkflow nested, string? reason);
}

/// <summary>A workflow as the child of another.</summary>
/// <param name="Parent">The other.</param>
/// <param name="Id">Its own id.</param>
/// <param name="Workflow">The registered name of its code.</param>
/// <param name="Input">Its input as JSON text.</param>
/// <param name="TraceParent">The W3C trace context of the child; null where nobody traces.</param>
internal sealed record NestedWorkflow(WorkflowId Parent, WorkflowId Id, string Workflow, string Input, string? TraceParent);
