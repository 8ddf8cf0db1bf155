namespace Sheaf.Journal;

/// <summary>What became of a workflow's creation.</summary>
/// <param name="Created">Whether the call created it; if not, the id was taken.</param>
/// <param name="Header">The workflow that now has the id.</param>
public readonly record struct CreateResult(bool Created, WorkflowHeader Header);
