using Sheaf.Journal;

namespace Sheaf.Journals;

public sealed class MemoryJournalTests : JournalContract
{
    protected override IJournal Journal { get; } = new MemoryJournal();
}
