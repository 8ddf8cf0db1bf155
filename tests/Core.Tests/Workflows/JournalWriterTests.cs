using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Sheaf.Core.Tests.Groups;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>D6: what becomes of a batch that the store does not take as a whole.</summary>
public sealed class JournalWriterTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TestLog _log = new(LogLevel.Trace);
    private readonly SinglesOnlyJournal _journal = new();

    [Fact]
    [Trait("Rule", "D6")]
    public async Task Append_StoreThatTakesNoBatches_WarnsOnceAMinute()
    {
        await using JournalWriter writer = new(_journal, _time, _log);
        await WriteBatchAsync(writer);
        Assert.Equal([(LogLevel.Warning, "no batches")], _log.Entries.Select(entry => (entry.Level, entry.Error?.Message)));
        _time.Advance(TimeSpan.FromSeconds(59));
        await WriteBatchAsync(writer);
        Assert.Single(_log.Entries);
        _time.Advance(TimeSpan.FromSeconds(1));
        await WriteBatchAsync(writer);
        Assert.Equal(2, _log.Entries.Count);
    }

    [Fact]
    [Trait("Rule", "D6")]
    public async Task Append_SingleCommitThatFails_IsItsCallersToLog()
    {
        await using JournalWriter writer = new(_journal, _time, _log);
        _journal.Gate = null;
        await Guard.Throws<FormatException>(() => writer.AppendAsync(Commit("refused")));
        Assert.Empty(_log.Entries);
    }

    public void Dispose() => _log.Dispose();

    /// <summary>The first commit is held until two others wait: they are a batch.</summary>
    private async Task WriteBatchAsync(JournalWriter writer)
    {
        TaskCompletionSource gate = Guard.Signal();
        _journal.Gate = gate.Task;
        Task<AppendResult>[] appends = [.. ((string[])["a", "b", "c"]).Select(id => writer.AppendAsync(Commit(id)))];
        _journal.Gate = null;
        gate.SetResult();
        Assert.All(await Task.WhenAll(appends).Within("the commits"), result => Assert.Equal(AppendResult.Accepted, result));
        Assert.Equal([1, 2, 1, 1], _journal.Sizes);
        _journal.Sizes.Clear();
    }

    private static JournalCommit Commit(string id) => new(id, 1, 0, 1, "[1]"u8.ToArray());

    private sealed class SinglesOnlyJournal : IJournal
    {
        private readonly MemoryJournal _unused = new();

        public Task? Gate { get; set; }

        public List<int> Sizes { get; } = [];

        public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
        {
            Sizes.Add(commits.Count);
            if (Gate is { } gate) await gate;
            if (commits[0].Workflow.Value == "refused") throw new FormatException();
            return commits.Count == 1 ? [AppendResult.Accepted] : throw new InvalidOperationException("no batches");
        }

        public Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default) => _unused.ClaimAsync(workflow, owner, cancellationToken);

        public Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default) =>
            _unused.ClaimAbandonedAsync(liveOwners, owner, limit, cancellationToken);

        public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default) => _unused.ReleaseAsync(owner, cancellationToken);

        public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default) => _unused.PurgeAsync(endedBefore, limit, cancellationToken);

        public IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, CancellationToken cancellationToken = default) => _unused.ReadAsync(workflow, fromSequence, cancellationToken);

        public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default) => _unused.TrimAsync(workflow, beforeSequence, cancellationToken);

        public Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default) => _unused.FindAsync(workflow, cancellationToken);

        public IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) => _unused.ListAsync(status, cancellationToken);
    }
}
