namespace Sheaf;

/// <summary>Where a workflow stands.</summary>
public enum WorkflowStatus
{
    /// <summary>It has been started and has not ended.</summary>
    Running = 0,

    /// <summary>It returned its value.</summary>
    Succeeded = 1,

    /// <summary>It ended with failures.</summary>
    Failed = 2,

    /// <summary>It was cancelled.</summary>
    Cancelled = 3,

    /// <summary>
    /// Its code cannot go on: it awaited something foreign, left its scheduler, or differs from its journal (rule D3).
    /// Nothing is lost; it goes on after a fix. A state of the running host, never of the journal.
    /// </summary>
    Stuck = 4,
}
