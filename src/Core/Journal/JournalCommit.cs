using Sheaf.Engine;

namespace Sheaf.Journal;

/// <summary>The entries of one workflow that are committed together: whole turns, never a part of one.</summary>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed record JournalCommit
{
    private readonly IReadOnlyList<JournalEntry>? _entries;
    private readonly ReadOnlyMemory<byte> _given;

    // Made of the entries when first asked for: a store in memory need never ask. Two threads make the same bytes.
    private byte[]? _encoded;

    /// <summary>Makes a commit of encoded entries.</summary>
    /// <param name="workflow">The workflow.</param>
    /// <param name="epoch">The writer's epoch (rule D5).</param>
    /// <param name="firstSequence">The number of the first entry, from 0, without gaps.</param>
    /// <param name="count">How many entries.</param>
    /// <param name="body">The entries as a JSON array, UTF-8. Kept as it is, not copied.</param>
    public JournalCommit(WorkflowId workflow, long epoch, long firstSequence, int count, ReadOnlyMemory<byte> body)
    {
        Workflow = workflow;
        Epoch = epoch;
        FirstSequence = firstSequence;
        Count = count;
        _given = body;
    }

    internal JournalCommit(WorkflowId workflow, long epoch, long firstSequence, IReadOnlyList<JournalEntry> entries)
    {
        Workflow = workflow;
        Epoch = epoch;
        FirstSequence = firstSequence;
        Count = entries.Count;
        _entries = entries;
    }

    /// <summary>The workflow.</summary>
    public WorkflowId Workflow { get; }

    /// <summary>The writer's epoch (rule D5).</summary>
    public long Epoch { get; }

    /// <summary>The number of the first entry, from 0, without gaps.</summary>
    public long FirstSequence { get; }

    /// <summary>How many entries; 0 for a commit that only creates the workflow, or only says when it wakes.</summary>
    public int Count { get; }

    /// <summary>The entries as a JSON array, UTF-8.</summary>
    public ReadOnlyMemory<byte> Body => _entries is null ? _given : _encoded ??= EntryCodec.Encode(_entries);

    /// <summary>Set where the commit creates its workflow, in the same transaction: whose id, code, input and owner it has. The epoch is then 1 and the first sequence 0.</summary>
    public WorkflowHeader? Creates { get; init; }

    /// <summary>
    /// Set where the workflow only waits once this is committed: when it has something to do by itself, or <see cref="DateTimeOffset.MaxValue"/>
    /// for never (rule D7). It is in the workflow's header until the next commit, which replaces it, also by <see langword="null"/>.
    /// </summary>
    public DateTimeOffset? WakesAt { get; init; }

    /// <summary>Set where the workflow ends with this commit.</summary>
    public WorkflowStatus? EndsAs { get; init; }

    /// <summary>When it ended; set together with <see cref="EndsAs"/>.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}
