using System.Runtime.CompilerServices;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Conformance;

/// <summary>Journals cut short, as a crash leaves them.</summary>
internal static class Journals
{
    public static async Task<List<IReadOnlyList<JournalEntry>>> TurnsAsync(IJournal journal, WorkflowId id)
    {
        List<IReadOnlyList<JournalEntry>> turns = [];
        List<JournalEntry>? turn = null;
        foreach (JournalEntry entry in await JournalReading.ReadAllAsync(journal, id, CancellationToken.None))
        {
            if (entry is JournalEvent) turns.Add(turn = []);
            turn!.Add(entry);
        }

        return turns;
    }

    /// <summary>A journal with the first turns of a workflow, that looks as if its owner had died then.</summary>
    public static async Task<MemoryJournal> CutAsync(IJournal journal, WorkflowId id, int turns)
    {
        WorkflowHeader header = (await journal.FindAsync(id))! with { Status = WorkflowStatus.Running };
        MemoryJournal cut = new();
        await cut.CreateAsync(header);
        long next = 0;
        foreach (IReadOnlyList<JournalEntry> turn in (await TurnsAsync(journal, id)).Take(turns))
        {
            IReadOnlyList<AppendResult> results = await cut.AppendAsync([new JournalCommit(id, 1, next, turn.Count, EntryCodec.Encode(turn))]);
            Assert.Equal(AppendResult.Accepted, Assert.Single(results));
            next += turn.Count;
        }

        return cut;
    }
}

/// <summary>When a journal's append fails: the caller cannot tell the two apart.</summary>
public enum FailAppend
{
    BeforeTheWrite,
    AfterTheWrite,
}

/// <summary>A journal that tells the stage what it commits, and fails where told.</summary>
public sealed class TestJournal(Stage stage) : IJournal
{
    private readonly MemoryJournal _inner = new();
    private int _appends;
    private int _failingReads;

    /// <summary>Which append fails, from 1; 0 for none.</summary>
    public int FailAt { get; init; }

    public FailAppend How { get; init; }

    /// <summary>How many readings fail after the append that did.</summary>
    public int FailReads { get; init; }

    public bool HasFailed { get; private set; }

    /// <summary>A gate that every append waits at before it writes.</summary>
    public string? Gate { get; init; }

    public Task<WorkflowHeader?> ClaimAsync(WorkflowId workflow, string owner, CancellationToken cancellationToken = default) => _inner.ClaimAsync(workflow, owner, cancellationToken);

    public Task<IReadOnlyList<WorkflowHeader>> ClaimAbandonedAsync(IReadOnlyCollection<string> liveOwners, string owner, int limit, CancellationToken cancellationToken = default) =>
        _inner.ClaimAbandonedAsync(liveOwners, owner, limit, cancellationToken);

    public Task<int> ReleaseAsync(string owner, CancellationToken cancellationToken = default) => _inner.ReleaseAsync(owner, cancellationToken);

    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken = default) => _inner.PurgeAsync(endedBefore, limit, cancellationToken);

    public async Task<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<JournalCommit> commits, CancellationToken cancellationToken = default)
    {
        if (Gate is not null)
        {
            stage.Log("append");
            await stage.AtGate(Gate);
        }

        bool fails = ++_appends == FailAt;
        if (fails)
        {
            HasFailed = true;
            _failingReads = FailReads;
            if (How == FailAppend.BeforeTheWrite) throw new IOException("The journal is away; nothing was written.");
        }

        IReadOnlyList<AppendResult> results = await _inner.AppendAsync(commits, cancellationToken);
        foreach (StartChild start in commits.SelectMany(commit => EntryCodec.Decode(commit.Body.Span)).OfType<StartChild>()) stage.Log($"committed:{start.Name}");
        return fails ? throw new IOException("The journal is away; it was written.") : results;
    }

    public async IAsyncEnumerable<JournalCommit> ReadAsync(WorkflowId workflow, long fromSequence = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (_failingReads-- > 0) throw new IOException("The journal is still away.");
        await foreach (JournalCommit commit in _inner.ReadAsync(workflow, fromSequence, cancellationToken)) yield return commit;
    }

    public Task TrimAsync(WorkflowId workflow, long beforeSequence, CancellationToken cancellationToken = default) => _inner.TrimAsync(workflow, beforeSequence, cancellationToken);

    public Task<WorkflowHeader?> FindAsync(WorkflowId workflow, CancellationToken cancellationToken = default) => _inner.FindAsync(workflow, cancellationToken);

    public IAsyncEnumerable<WorkflowHeader> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) => _inner.ListAsync(status, cancellationToken);
}
