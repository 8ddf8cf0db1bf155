namespace Sheaf.Journal;

/// <summary>The entries of one workflow that are committed together: whole turns, never a part of one.</summary>
/// <param name="Workflow">The workflow.</param>
/// <param name="Epoch">The writer's epoch (rule D5).</param>
/// <param name="FirstSequence">The number of the first entry, from 0, without gaps.</param>
/// <param name="Count">How many entries.</param>
/// <param name="Body">The entries as a JSON array, UTF-8.</param>
public sealed record JournalCommit(WorkflowId Workflow, long Epoch, long FirstSequence, int Count, ReadOnlyMemory<byte> Body)
{
    /// <summary>Set where the workflow ends with this commit.</summary>
    public WorkflowStatus? EndsAs { get; init; }
}
