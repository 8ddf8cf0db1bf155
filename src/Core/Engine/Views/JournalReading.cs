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
    /// <summary>The entries of a workflow's last run.</summary>
    public static async Task<List<JournalEntry>> ReadAllAsync(IJournal journal, WorkflowId workflow, CancellationToken cancellationToken) =>
        (await ReadRunAsync(journal, workflow, cancellationToken).ConfigureAwait(false)).Entries;

    /// <summary>The entries of a workflow's last run, and the number of the first. Those before may be there or trimmed.</summary>
    public static async Task<(long First, List<JournalEntry> Entries)> ReadRunAsync(IJournal journal, WorkflowId workflow, CancellationToken cancellationToken)
    {
        long first = 0;
        List<JournalEntry> entries = [];
        await foreach ((long sequence, JournalEntry entry) in ReadAsync(journal, workflow, 0, cancellationToken).ConfigureAwait(false))
        {
            if (entry is WorkflowContinued)
            {
                first = sequence;
                entries.Clear();
            }

            entries.Add(entry);
        }

        return (first, entries);
    }

    /// <summary>The state that a workflow's journal tells; one that has not started where there is no such workflow.</summary>
    public static async Task<WorkflowState> FoldAsync(IJournal journal, WorkflowId workflow, CancellationToken cancellationToken)
    {
        WorkflowState state = new(workflow);
        NoEffects nothing = new();
        foreach (JournalEntry entry in await ReadAllAsync(journal, workflow, cancellationToken).ConfigureAwait(false)) Transitions.Apply(state, entry, nothing);
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
