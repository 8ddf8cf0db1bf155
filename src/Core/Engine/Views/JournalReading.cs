using System.Runtime.CompilerServices;
using Sheaf.Journal;

namespace Sheaf.Engine;

/// <summary>Reads a workflow's entries from a store.</summary>
internal static class JournalReading
{
    public static async Task<List<JournalEntry>> ReadAllAsync(IJournal journal, WorkflowId workflow, CancellationToken cancellationToken)
    {
        List<JournalEntry> entries = [];
        await foreach ((_, JournalEntry entry) in ReadAsync(journal, workflow, 0, cancellationToken).ConfigureAwait(false)) entries.Add(entry);
        return entries;
    }

    public static async IAsyncEnumerable<(long Sequence, JournalEntry Entry)> ReadAsync(
        IJournal journal, WorkflowId workflow, long fromSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (JournalCommit commit in journal.ReadAsync(workflow, fromSequence, cancellationToken).ConfigureAwait(false))
        {
            IReadOnlyList<JournalEntry> entries = EntryCodec.Decode(commit.Body.Span);
            for (int i = 0; i < entries.Count; i++)
            {
                if (commit.FirstSequence + i >= fromSequence) yield return (commit.FirstSequence + i, entries[i]);
            }
        }
    }
}
