using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>What a map over pages did, in counters (rule R15). The outcomes themselves are read page by page, with <see cref="IWorkflowClient.ReadMapAsync"/>.</summary>
/// <param name="Workflow">The workflow that ran the map: the key to its outcomes.</param>
/// <param name="Pages">How many pages there were.</param>
/// <param name="Succeeded">For how many items the worker succeeded.</param>
/// <param name="Failed">For how many it failed.</param>
/// <param name="Failures">The failures, bounded by <see cref="WorkflowMapOptions.MaxFailures"/>; <see langword="null"/> where there were none.</param>
/// <remarks>Immutable. It can be a workflow's value.</remarks>
public sealed record PagedMapSummary(
    WorkflowId Workflow,
    long Pages,
    long Succeeded,
    long Failed,
    ExceptionGroup? Failures)
{
    /// <summary>How many items there were.</summary>
    [JsonIgnore]
    public long Total => Succeeded + Failed;
}
