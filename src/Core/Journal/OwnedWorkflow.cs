namespace Sheaf.Journal;

/// <summary>A workflow that an owner has, in short.</summary>
/// <param name="Id">The workflow's id.</param>
/// <param name="Epoch">How often it has changed hands (rule D5).</param>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public readonly record struct OwnedWorkflow(WorkflowId Id, long Epoch);
