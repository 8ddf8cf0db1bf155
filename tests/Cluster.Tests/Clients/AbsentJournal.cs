using System.Data.Common;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Clients;

/// <summary>A journal whose store is away for the next questions, as a database is that starts again. What it is given to write, it writes.</summary>
public sealed class AbsentJournal(IJournal inner) : IJournal
{
    private int _absences;

    /// <summary>How many more questions fail.</summary>
    public int Absences
    {
        get => Volatile.Read(ref _absences);
        set => Volatile.Write(ref _absences, value);
    }

    public Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default) => inner.AppendAsync(commits, cancellationToken);

    public Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default) => AskAsync(() => inner.ClaimAsync(workflow, owner, cancellationToken));

    public Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default) =>
        inner.ClaimAbandonedAsync(liveOwners, owner, limit, cancellationToken);

    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default) => inner.ReleaseAsync(owner, cancellationToken);

    public IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, CancellationToken cancellationToken = default) =>
        EnumerateAsync(inner.ReadAsync(workflow, fromSequence, cancellationToken));

    public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default) => inner.TrimAsync(workflow, beforeSequence, cancellationToken);

    public Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default) => AskAsync(() => inner.FindAsync(workflow, cancellationToken));

    public IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) => EnumerateAsync(inner.ListAsync(status, cancellationToken));

    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default) => AskAsync(() => inner.PurgeAsync(endedBefore, limit, cancellationToken));

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        // As a server's answer: later.
        await Task.Yield();
        ThrowIfAway();
        return await ask();
    }

    private async IAsyncEnumerable<T> EnumerateAsync<T>(IAsyncEnumerable<T> items)
    {
        ThrowIfAway();
        await foreach (T item in items) yield return item;
    }

    private void ThrowIfAway()
    {
        if (Absences > 0 && Interlocked.Decrement(ref _absences) >= 0) throw new StoreAwayException();
    }

    /// <summary>As drivers throw it: no other process knows its type.</summary>
    private sealed class StoreAwayException() : DbException("The server is starting up.");
}
