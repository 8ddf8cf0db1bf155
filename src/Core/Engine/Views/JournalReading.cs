using System.Runtime.CompilerServices;
using Sheaf.Journal;

namespace Sheaf.Engine;

/// <summary>Reads a workflow's entries from a store.</summary>
/// <remarks>
/// What it cannot read a newer version wrote, or nobody should have: then it throws <see cref="WorkflowStuckException"/> with the
/// remedy. Nothing is lost, and nothing is written after it.
/// </remarks>
internal static class JournalReading
{
    public static async Task<List<JournalEntry>> ReadAllAsync(IJournal journal, WorkflowId workflow, CancellationToken cancellationToken)
    {
        List<JournalEntry> entries = [];
        await foreach ((_, JournalEntry entry) in ReadAsync(journal, workflow, 0, cancellationToken).ConfigureAwait(false)) entries.Add(entry);
        return entries;
    }

    /// <summary>The state that a workflow's journal tells; one that has not started where there is no such workflow.</summary>
    public static async Task<WorkflowState> FoldAsync(IJournal journal, WorkflowId workflow, CancellationToken cancellationToken)
    {
        WorkflowState state = new(workflow);
        NoEffects nothing = new();
        await foreach ((_, JournalEntry entry) in ReadAsync(journal, workflow, 0, cancellationToken).ConfigureAwait(false)) Transitions.Apply(state, entry, nothing);
        return state;
    }

    public static async IAsyncEnumerable<(long Sequence, JournalEntry Entry)> ReadAsync(
        IJournal journal, WorkflowId workflow, long fromSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (JournalCommit commit in journal.ReadAsync(workflow, fromSequence, cancellationToken).ConfigureAwait(false))
        {
            IReadOnlyList<JournalEntry> entries = Decode(workflow, commit);
            for (int i = 0; i < entries.Count; i++)
            {
                if (commit.FirstSequence + i >= fromSequence) yield return (commit.FirstSequence + i, entries[i]);
            }
        }
    }

    private static IReadOnlyList<JournalEntry> Decode(WorkflowId workflow, JournalCommit commit)
    {
        try
        {
            return EntryCodec.Decode(commit.Body.Span);
        }
        catch (Exception error) when (EntryCodec.IsUnreadable(error))
        {
            throw new WorkflowStuckException(
                $"The journal of workflow '{workflow}' cannot be read: {EntryCodec.Explain(commit.Body, commit.FirstSequence, error)} " +
                "Run the workflow with the version of Sheaf that wrote it, or a newer one. Nothing is lost: with that it goes on.",
                error);
        }
    }
}
