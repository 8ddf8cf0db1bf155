using System.Data.Common;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>A journal that writes the end of a workflow, and whose answer to that is lost, once (D5). So are those to claims, while it is told so.</summary>
public sealed class ForgetfulJournal(IJournal inner) : IJournal
{
    private int _lost;

    public bool ForgetsClaims { get; set; }

    public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<AppendResult> answer = await inner.AppendAsync(commits, cancellationToken);
        if (commits.Any(commit => commit.EndsAs is not null) && Interlocked.Exchange(ref _lost, 1) == 0) throw new AnswerLostException();
        return answer;
    }

    public async Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default)
    {
        WorkflowHeader? claimed = await inner.ClaimAsync(workflow, owner, cancellationToken);
        return ForgetsClaims ? throw new AnswerLostException() : claimed;
    }

    public Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default) =>
        inner.ClaimAbandonedAsync(liveOwners, owner, limit, cancellationToken);

    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default) => inner.ReleaseAsync(owner, cancellationToken);

    public IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, CancellationToken cancellationToken = default) => inner.ReadAsync(workflow, fromSequence, cancellationToken);

    public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default) => inner.TrimAsync(workflow, beforeSequence, cancellationToken);

    public Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default) => inner.FindAsync(workflow, cancellationToken);

    public IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) => inner.ListAsync(status, cancellationToken);

    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default) => inner.PurgeAsync(endedBefore, limit, cancellationToken);

    private sealed class AnswerLostException() : DbException("The connection broke.");
}
