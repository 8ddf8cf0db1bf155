using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>A workflow whose journal cannot be read, or not be run again, is stuck: it waits for the version that can.</summary>
internal sealed partial class WorkflowActor
{
    /// <summary>The journal, or why it cannot be read. A workflow of a newer version waits for that one: it is stuck, not ended.</summary>
    private async Task<(List<JournalEntry> Entries, WorkflowStuckException? Unreadable)> ReadAsync()
    {
        try
        {
            return (await PersistAsync(() => JournalReading.ReadAllAsync(_host.Journal, _header.Id, _host.Stopping)).ConfigureAwait(false), null);
        }
        catch (WorkflowStuckException unreadable)
        {
            return ([], unreadable);
        }
    }

    /// <summary>Runs the journaled turns again. Entries that contradict each other are no state to go on from.</summary>
    private IReadOnlyList<JournalEntry> Replay(List<JournalEntry> entries)
    {
        try
        {
            return _run.Replay(entries);
        }
        catch (Exception error)
        {
            _run.Refuse(new WorkflowStuckException(
                $"The journal of workflow '{_header.Id}' cannot be run again: {error.Message} It was changed from outside, or written by a newer version of Sheaf; use that one.", error));
            return [];
        }
    }
}
