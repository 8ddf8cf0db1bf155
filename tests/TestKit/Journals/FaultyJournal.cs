using System.Runtime.CompilerServices;
using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>A journal that fails or crashes at one append, around any other.</summary>
/// <remarks>
/// After a crash, stop the host, and start another on the <paramref name="inner"/> journal: that is what a restart finds.
/// <see cref="CrashTest"/> does this for every append by itself. Thread-safe.
/// </remarks>
/// <param name="inner">The journal that holds the entries. It stays its maker's.</param>
/// <param name="failAt">Which append goes wrong, from 1.</param>
/// <param name="fault">How.</param>
public sealed class FaultyJournal(IJournal inner, int failAt, JournalFault fault) : IJournal
{
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _appends;
    private volatile bool _isDown;

    /// <summary>How many appends there were, those that failed included.</summary>
    public int Appends => Volatile.Read(ref _appends);

    /// <summary>Completes when the fault has happened.</summary>
    public Task WhenFailed => _failed.Task;

    /// <inheritdoc/>
    /// <exception cref="IOException">The fault, or the journal is down since.</exception>
    public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
    {
        int number = Interlocked.Increment(ref _appends);
        await CheckAsync().ConfigureAwait(false);
        if (number > failAt && fault == JournalFault.CrashAfterEffects) throw Fail(isDown: true);
        if (number != failAt) return await inner.AppendAsync(commits, cancellationToken).ConfigureAwait(false);
        if (fault is JournalFault.NotWritten or JournalFault.CrashBeforeWrite) throw Fail(fault == JournalFault.CrashBeforeWrite);
        IReadOnlyList<AppendResult> results = await inner.AppendAsync(commits, cancellationToken).ConfigureAwait(false);
        return fault == JournalFault.CrashAfterEffects ? results : throw Fail(fault == JournalFault.CrashAfterWrite);
    }

    /// <inheritdoc/>
    public async Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default)
    {
        await CheckAsync().ConfigureAwait(false);
        return await inner.ClaimAsync(workflow, owner, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default)
    {
        await CheckAsync().ConfigureAwait(false);
        return await inner.ClaimAbandonedAsync(liveOwners, owner, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default)
    {
        await CheckAsync().ConfigureAwait(false);
        return await inner.ReleaseAsync(owner, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CheckAsync().ConfigureAwait(false);
        await foreach (JournalCommit commit in inner.ReadAsync(workflow, fromSequence, cancellationToken).ConfigureAwait(false)) yield return commit;
    }

    /// <inheritdoc/>
    public async Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default)
    {
        await CheckAsync().ConfigureAwait(false);
        await inner.TrimAsync(workflow, beforeSequence, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default)
    {
        await CheckAsync().ConfigureAwait(false);
        return await inner.FindAsync(workflow, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CheckAsync().ConfigureAwait(false);
        await foreach (WorkflowHeader header in inner.ListAsync(status, cancellationToken).ConfigureAwait(false)) yield return header;
    }

    /// <inheritdoc/>
    public async Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default)
    {
        await CheckAsync().ConfigureAwait(false);
        return await inner.PurgeAsync(endedBefore, limit, cancellationToken).ConfigureAwait(false);
    }

    private async Task CheckAsync()
    {
        if (!_isDown) return;
        // A host asks again until it is stopped: not on the thread that stops it.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        throw new IOException($"The journal is down since append {failAt} ({fault}).");
    }

    private IOException Fail(bool isDown)
    {
        _isDown = isDown;
        _failed.TrySetResult();
        return new IOException($"Append {failAt} of the journal was made to fail: {fault}.");
    }
}
