using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Simulation;

/// <summary>The real in-memory store, called synchronously, with what is durable at hand for the rules.</summary>
internal sealed class SimJournal(WorkflowId id)
{
    private readonly MemoryJournal _store = new();

    public List<JournalEntry> Durable { get; } = [];

    public long Create() => Now(_store.CreateAsync(new WorkflowHeader { Id = id, Workflow = "script", Input = "null", CreatedAt = default, Owner = "sim", Epoch = 1 })).Header.Epoch;

    public long? Claim() => Now(_store.ClaimAsync(id, "sim"))?.Epoch;

    public AppendResult Append(long epoch, long first, IReadOnlyList<JournalEntry> entries, WorkflowStatus? endsAs)
    {
        AppendResult result = Now(_store.AppendAsync([new JournalCommit(id, epoch, first, entries.Count, EntryCodec.Encode(entries)) { EndsAs = endsAs, EndedAt = endsAs is null ? null : default(DateTimeOffset) }]))[0];
        if (result == AppendResult.Accepted) Durable.AddRange(entries);
        return result;
    }

    /// <summary>What a new owner reads: decoded, so that nothing survives in memory that the text does not have.</summary>
    public List<JournalEntry> Read() => Now(JournalReading.ReadAllAsync(_store, id, CancellationToken.None));

    private static T Now<T>(Task<T> task) => task.IsCompleted ? task.Result : throw new InvalidOperationException("The in-memory store is synchronous.");
}
