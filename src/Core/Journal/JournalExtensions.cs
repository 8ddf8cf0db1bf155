namespace Sheaf.Journal;

/// <summary>What every journal can do by what it has.</summary>
public static class JournalExtensions
{
    /// <summary>Creates a workflow without entries, and makes the owner its owner.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="header">The workflow; its epoch is 1.</param>
    /// <param name="cancellationToken">Gives up. The workflow may have been created all the same.</param>
    /// <returns>Whether this call created it, and its header: that of whoever was first, if the id was taken.</returns>
    public static async Task<CreateResult> CreateAsync(this IJournal journal, WorkflowHeader header, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(header);
        while (true)
        {
            WorkflowHeader created = header with { Epoch = 1, Status = WorkflowStatus.Running, EndedAt = null };
            IReadOnlyList<AppendResult> results = await journal.AppendAsync([new JournalCommit(header.Id, 1, 0, 0, "[]"u8.ToArray()) { Creates = created }], cancellationToken).ConfigureAwait(false);
            if (results[0] == AppendResult.Accepted) return new CreateResult(true, created);
            // Taken, and purged before it could be read: then the id is free.
            if (await journal.FindAsync(header.Id, cancellationToken).ConfigureAwait(false) is { } there) return new CreateResult(false, there);
        }
    }
}
