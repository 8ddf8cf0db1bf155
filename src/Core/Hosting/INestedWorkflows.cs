using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>Workflows that are children of others, wherever they have their place. Thread-safe.</summary>
internal interface INestedWorkflows
{
    /// <summary>
    /// Starts a workflow, unless it is there, and waits for its end. However long that takes: its owner may be about to change, and one
    /// that is stuck has not ended.
    /// </summary>
    /// <param name="nested">The workflow.</param>
    /// <param name="onStarted">Told once it is there: from then on it can be cancelled.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">The id belongs to another workflow or input, or no such workflow is registered.</exception>
    /// <exception cref="OwnerLostException">The parent has another owner, which waits for it now.</exception>
    Task<WorkflowEnd> RunAsync(NestedWorkflow nested, Action onStarted, CancellationToken cancellationToken);

    /// <summary>Asks for the cancellation of one that was started, and does not wait for it.</summary>
    void Cancel(NestedWorkflow nested, string? reason);
}

/// <summary>A workflow as the child of another.</summary>
/// <param name="Parent">The other.</param>
/// <param name="Id">Its own id.</param>
/// <param name="Workflow">The registered name of its code.</param>
/// <param name="Input">Its input as JSON text.</param>
/// <param name="Begin">What its code begins with.</param>
internal sealed record NestedWorkflow(WorkflowId Parent, WorkflowId Id, string Workflow, string Input, Begin Begin);
