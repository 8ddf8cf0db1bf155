namespace Sheaf.Journal;

/// <summary>Where a journal is.</summary>
/// <param name="Schema">The schema of its tables.</param>
/// <param name="User">As whom it works in them.</param>
/// <param name="Database">The database.</param>
internal sealed record JournalPlace(string Schema, string User, string? Database);
