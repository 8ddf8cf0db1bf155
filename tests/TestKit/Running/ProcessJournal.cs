using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>A journal as one host has it: counts its appends, lets them be held or failed, and is out of reach once the host is gone.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ProcessJournal(IJournal inner) : IJournal
{
    private int _appends;
    private volatile bool _isGone;

    /// <summary>How many appends there were.</summary>
    public int Appends => Volatile.Read(ref _appends);

    /// <summary>Runs before an append, with its number from 1; what it throws the append throws, and nothing is written.</summary>
    public Func<int, Task> BeforeAppend { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs after an append, with what became of each commit; what it throws the append throws, and it is written all the same.</summary>
    public Func<int, IReadOnlyList<(JournalCommit Commit, AppendResult Result)>, Task> AfterAppend { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>The host is gone: nothing of it reaches the journal any more.</summary>
    public void Kill() => _isGone = true;

    public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
    {
        Check();
        int number = Interlocked.Increment(ref _appends);
        await BeforeAppend(number).ConfigureAwait(false);
        Check();
        IReadOnlyList<AppendResult> results = await inner.AppendAsync(commits, cancellationToken).ConfigureAwait(false);
        await AfterAppend(number, [.. commits.Zip(results)]).ConfigureAwait(false);
        Check();
        return results;
    }

    public Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default) =>
        Checked().ClaimAsync(workflow, owner, cancellationToken);

    public Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default) =>
        Checked().ClaimAbandonedAsync(liveOwners, owner, limit, cancellationToken);

    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default) => Checked().ReleaseAsync(owner, cancellationToken);

    public IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, CancellationToken cancellationToken = default) =>
        Checked().ReadAsync(workflow, fromSequence, cancellationToken);

    public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default) => Checked().TrimAsync(workflow, beforeSequence, cancellationToken);

    public Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default) => Checked().FindAsync(workflow, cancellationToken);

    public IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) => Checked().ListAsync(status, cancellationToken);

    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default) => Checked().PurgeAsync(endedBefore, limit, cancellationToken);

    private void Check()
    {
        if (_isGone) throw new HostGoneException();
    }

    private IJournal Checked()
    {
        Check();
        return inner;
    }
}
