using System.Runtime.CompilerServices;

namespace Sheaf.Journal;

/// <summary>A journal in memory: for tests, and for workflows that need not outlive their process.</summary>
/// <remarks>
/// Durable only as long as the object. Entries are encoded when they are read, so that whatever resumes from it also
/// resumes from a store with a disk. Of workflows that have ended it keeps the latest, up to
/// <see cref="MaxEndedEntries"/>. Thread-safe.
/// </remarks>
public sealed class MemoryJournal : IJournal
{
    /// <summary>The default of <see cref="MaxEndedEntries"/>: 100,000.</summary>
    public const int DefaultMaxEndedEntries = 100_000;

    private readonly Lock _gate = new();

    // Guarded by _gate: those that have ended, in that order, and how many entries they have.
    private readonly Queue<Record> _ended = new();
    private long _endedEntries;
    private readonly Dictionary<WorkflowId, Record> _records = [];

    // Invariant: the values of _records, oldest first.
    private readonly LinkedList<Record> _inOrder = [];

    /// <summary>So many entries of ended workflows are kept: the oldest ends are forgotten first, but for the latest. A process that runs for long would fill its memory otherwise.</summary>
    /// <value>The default is 100,000 entries: of a child that succeeds there are two. Zero or more.</value>
    public int MaxEndedEntries { get; init; } = DefaultMaxEndedEntries;

    /// <inheritdoc/>
    public Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(commits);
        cancellationToken.ThrowIfCancellationRequested();
        AppendResult[] results = new AppendResult[commits.Count];
        lock (_gate)
        {
            for (int i = 0; i < results.Length; i++) results[i] = Append_NeedsLock(commits[i]);
        }

        return Task.FromResult<IReadOnlyList<AppendResult>>(results);
    }

    /// <inheritdoc/>
    public Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (!_records.TryGetValue(workflow, out Record? record) || record.Header.Status != WorkflowStatus.Running) return Task.FromResult<WorkflowHeader?>(null);
            return Task.FromResult<WorkflowHeader?>(record.ChangeHands(owner));
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(liveOwners);
        ArgumentException.ThrowIfNullOrEmpty(owner);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        cancellationToken.ThrowIfCancellationRequested();
        HashSet<string> alive = [.. liveOwners];
        lock (_gate)
        {
            Record[] abandoned = [.. _inOrder.Where(record => record.Header is { Status: WorkflowStatus.Running } header && (header.Owner is null || !alive.Contains(header.Owner))).Take(limit)];
            return Task.FromResult<IReadOnlyList<WorkflowHeader>>([.. abandoned.Select(record => record.ChangeHands(owner))]);
        }
    }

    /// <inheritdoc/>
    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            Record[] owned = [.. _inOrder.Where(record => record.Header.Owner == owner)];
            foreach (Record record in owned) record.ChangeHands(null);
            return Task.FromResult(owned.Length);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<OwnedWorkflow>> FindOwnedAsync(string owner, DateTimeOffset dueBy, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        cancellationToken.ThrowIfCancellationRequested();
        // What has ended has no owner.
        lock (_gate) return Task.FromResult<IReadOnlyList<OwnedWorkflow>>([.. _inOrder.Select(record => record.Header).Where(header => header.Owner == owner && (header.WakesAt is null || header.WakesAt <= dueBy)).Select(header => new OwnedWorkflow(header.Id, header.Epoch))]);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        JournalCommit[] commits;
        lock (_gate) commits = _records.TryGetValue(workflow, out Record? record) ? record.From(fromSequence) : [];

        foreach (JournalCommit commit in commits)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return commit;
        }
    }

    /// <inheritdoc/>
    public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (!_records.TryGetValue(workflow, out Record? record)) return Task.CompletedTask;
            long length = record.Length;
            record.Trim(beforeSequence);
            if (record.Header.EndedAt is not null) _endedEntries -= length - record.Length;
        }

        return Task.CompletedTask;
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

    /// <inheritdoc/>
    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            Record[] old = [.. _inOrder.Where(record => record.Header.EndedAt is { } endedAt && endedAt < endedBefore).OrderBy(record => record.Header.EndedAt).Take(limit)];
            foreach (Record record in old) Forget_NeedsLock(record);
            return Task.FromResult(old.Length);
        }
    }

    private AppendResult Append_NeedsLock(JournalCommit commit)
    {
        bool exists = _records.TryGetValue(commit.Workflow, out Record? record);
        if (commit.Creates is { } header)
        {
            if (exists) return AppendResult.Taken;
            record = new Record(header with { Epoch = 1, Status = WorkflowStatus.Running, EndedAt = null });
            _records.Add(commit.Workflow, record);
            record.Place = _inOrder.AddLast(record);
        }

        if (record is null) return AppendResult.Stale;
        AppendResult result = record.Append(commit);
        if (result == AppendResult.Accepted && commit.EndsAs is not null) OnEnded_NeedsLock(record);
        return result;
    }

    private void OnEnded_NeedsLock(Record record)
    {
        _ended.Enqueue(record);
        _endedEntries += record.Length;
        while (_endedEntries > MaxEndedEntries && _ended.Count > 1)
        {
            Record oldest = _ended.Dequeue();
            _endedEntries -= oldest.Length;
            Forget_NeedsLock(oldest);
        }
    }

    private void Forget_NeedsLock(Record record)
    {
        // Forgotten already, or its id taken again since: not this one's to remove.
        if (record.Place is not { } place) return;
        record.Place = null;
        _inOrder.Remove(place);
        _records.Remove(record.Header.Id);
    }

    private sealed class Record(WorkflowHeader header)
    {
        private readonly List<JournalCommit> _commits = [];
        private long _nextSequence;

        public WorkflowHeader Header { get; private set; } = header;

        /// <summary>Its place among all, so that a purge need not look for it.</summary>
        public LinkedListNode<Record>? Place { get; set; }

        /// <summary>How many entries it has.</summary>
        public long Length => _nextSequence - (_commits.Count > 0 ? _commits[0].FirstSequence : 0);

        public void Trim(long beforeSequence) => _commits.RemoveAll(commit => commit.FirstSequence + commit.Count <= beforeSequence);

        public WorkflowHeader ChangeHands(string? owner) => Header = Header with { Owner = owner, Epoch = Header.Epoch + 1 };

        public AppendResult Append(JournalCommit commit)
        {
            if (commit.Epoch != Header.Epoch || commit.FirstSequence != _nextSequence || Header.Status != WorkflowStatus.Running) return AppendResult.Stale;
            if (commit.Count > 0) _commits.Add(commit);
            _nextSequence += commit.Count;
            if (Header.WakesAt != commit.WakesAt) Header = Header with { WakesAt = commit.WakesAt };
            if (commit.EndsAs is { } status) Header = Header with { Status = status, Owner = null, EndedAt = commit.EndedAt };
            return AppendResult.Accepted;
        }

        public JournalCommit[] From(long sequence)
        {
            // Watchers ask for the tail of a long journal again and again: the search must not cost its length.
            int low = 0;
            int high = _commits.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (_commits[middle].FirstSequence + _commits[middle].Count > sequence) high = middle;
                else low = middle + 1;
            }

            return [.. _commits.Skip(low)];
        }
    }
}
