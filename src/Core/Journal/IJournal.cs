namespace Sheaf.Journal;

/// <summary>The append-only record from which workflows resume. Implemented by stores.</summary>
/// <remarks>
/// Thread-safe. A method that throws may or may not have written: the caller reads the tail again before anything else
/// (rule D5).
/// </remarks>
public interface IJournal
{
    /// <summary>
    /// Appends commits of any number of workflows in one transaction, creating those that say so (rule D7). A stale one loses
    /// only its own rows (rule D5). Each accepted one sets its workflow's <see cref="WorkflowHeader.WakesAt"/>, or takes it back; nothing
    /// else changes that.
    /// </summary>
    /// <param name="commits">The commits; several of one workflow are in the order of their sequence.</param>
    /// <param name="cancellationToken">Gives up. The commits may have been written all the same.</param>
    /// <returns>What became of each, in the same order. When this returns, what was accepted is durable.</returns>
    Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default);

    /// <summary>Takes ownership of a workflow that has not ended, and raises its epoch (rule D5).</summary>
    /// <param name="workflow">The workflow.</param>
    /// <param name="owner">The new owner.</param>
    /// <param name="cancellationToken">Gives up. Ownership may have been taken all the same.</param>
    /// <returns>The header with the new epoch; <see langword="null"/> where there is no such workflow or it has ended.</returns>
    Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default);

    /// <summary>Takes ownership of workflows that have not ended and that no live owner has, oldest first, and raises their epochs (rule D7).</summary>
    /// <param name="liveOwners">Who is alive: what these own is left alone. What nobody owns is taken.</param>
    /// <param name="owner">The new owner.</param>
    /// <param name="limit">How many at the most: a page. Several owners may claim at once; each workflow goes to one of them.</param>
    /// <param name="cancellationToken">Gives up. Ownership may have been taken all the same.</param>
    /// <returns>The headers with their new epochs; fewer than the limit where there are no more.</returns>
    Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default);

    /// <summary>Gives up the ownership of all that an owner has, and raises the epochs, so that nothing of it is written late (rule D7).</summary>
    /// <param name="owner">The owner that stops.</param>
    /// <param name="cancellationToken">Gives up. Ownership may have been given up all the same.</param>
    /// <returns>How many workflows it had.</returns>
    Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default);

    /// <summary>
    /// Finds what an owner has that has not ended, and has something to do by itself until then, oldest first (rule D7): hosts ask it now and
    /// then, for what a claim gave them whose answer was lost.
    /// </summary>
    /// <param name="owner">The owner.</param>
    /// <param name="dueBy">What only waits for longer (<see cref="WorkflowHeader.WakesAt"/>) is left out: of that there may be millions. <see cref="DateTimeOffset.MaxValue"/> for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <remarks>A store that does not say how reads it out of <see cref="ListAsync"/>. Where there are many workflows, an index is better.</remarks>
    async Task<IReadOnlyList<OwnedWorkflow>> FindOwnedAsync(string owner, DateTimeOffset dueBy, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        List<OwnedWorkflow> owned = [];
        await foreach (WorkflowHeader header in ListAsync(WorkflowStatus.Running, cancellationToken).ConfigureAwait(false))
        {
            if (header.Owner == owner && (header.WakesAt is null || header.WakesAt <= dueBy)) owned.Add(new OwnedWorkflow(header.Id, header.Epoch));
        }

        return owned;
    }

    /// <summary>Reads a workflow's commits in their order.</summary>
    /// <param name="workflow">The workflow. One that does not exist has no commits.</param>
    /// <param name="fromSequence">Commits that end before this entry are left out.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, CancellationToken cancellationToken = default);

    /// <summary>Deletes commits of a workflow that end before an entry: its run before the one that begins there. Sequences go on as they were.</summary>
    /// <param name="workflow">The workflow. One that does not exist has no commits.</param>
    /// <param name="beforeSequence">The entry.</param>
    /// <param name="cancellationToken">Gives up. They may have been deleted all the same.</param>
    Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default);

    /// <summary>Finds a workflow.</summary>
    /// <param name="workflow">The workflow.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Its header; <see langword="null"/> where there is no such workflow.</returns>
    Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default);

    /// <summary>Lists workflows, oldest first.</summary>
    /// <param name="status">Only those that stand so; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes workflows that have ended, with their entries, oldest first. Their ids are free again.</summary>
    /// <param name="endedBefore">Only those that ended before this instant.</param>
    /// <param name="limit">How many at the most: a page, so that no transaction is large.</param>
    /// <param name="cancellationToken">Gives up. They may have been deleted all the same.</param>
    /// <returns>How many were deleted; fewer than the limit where there are no more.</returns>
    Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default);
}
