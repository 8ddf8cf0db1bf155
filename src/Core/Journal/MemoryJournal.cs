using System.Runtime.CompilerServices;

namespace Sheaf.Journal;

/// <summary>A journal in memory: for tests, and for workflows that need not outlive their process.</summary>
/// <remarks>
/// Durable only as long as the object. It keeps entries encoded, so that whatever runs on it also runs on a store with a
/// disk. Thread-safe.
/// </remarks>
public sealed class MemoryJournal : IJournal
{
    private readonly Lock _gate = new();
    private readonly Dictionary<WorkflowId, Record> _records = [];
    private readonly List<Record> _inOrder = [];

    /// <inheritdoc/>
    public Task<CreateResult> CreateAsync(WorkflowHeader header, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(header);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_records.TryGetValue(header.Id, out Record? there)) return Task.FromResult(new CreateResult(false, there.Header));
            Record record = new(header with { Epoch = 1 });
            _records.Add(header.Id, record);
            _inOrder.Add(record);
            return Task.FromResult(new CreateResult(true, record.Header));
        }
    }

    /// <inheritdoc/>
    public Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (!_records.TryGetValue(workflow, out Record? record) || record.Header.Status != WorkflowStatus.Running) return Task.FromResult<WorkflowHeader?>(null);
            record.Header = record.Header with { Owner = owner, Epoch = record.Header.Epoch + 1 };
            return Task.FromResult<WorkflowHeader?>(record.Header);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(commits);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate) return Task.FromResult<IReadOnlyList<AppendResult>>([.. commits.Select(Append_NeedsLock)]);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        JournalCommit[] commits;
        lock (_gate)
        {
            commits = _records.TryGetValue(workflow, out Record? record)
                ? [.. record.Commits.Where(commit => commit.FirstSequence + commit.Count > fromSequence)]
                : [];
        }

        foreach (JournalCommit commit in commits)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return commit;
        }
    }

    /// <inheritdoc/>
    public Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate) return Task.FromResult(_records.TryGetValue(workflow, out Record? record) ? record.Header : null);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        WorkflowHeader[] headers;
        lock (_gate) headers = [.. _inOrder.Select(record => record.Header).Where(header => status is null || header.Status == status)];
        foreach (WorkflowHeader header in headers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return header;
        }
    }

    private AppendResult Append_NeedsLock(JournalCommit commit)
    {
        if (!_records.TryGetValue(commit.Workflow, out Record? record)) return AppendResult.Stale;
        if (commit.Epoch != record.Header.Epoch || commit.FirstSequence != record.NextSequence || record.Header.Status != WorkflowStatus.Running) return AppendResult.Stale;
        record.Commits.Add(commit);
        record.NextSequence += commit.Count;
        if (commit.EndsAs is { } status) record.Header = record.Header with { Status = status, Owner = null };
        return AppendResult.Accepted;
    }

    private sealed class Record(WorkflowHeader header)
    {
        public WorkflowHeader Header { get; set; } = header;

        public List<JournalCommit> Commits { get; } = [];

        public long NextSequence { get; set; }
    }
}
