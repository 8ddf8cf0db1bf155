namespace Sheaf.Testing;

/// <summary>How an append of a <see cref="FaultyJournal"/> goes wrong.</summary>
public enum JournalFault
{
    /// <summary>It throws, and nothing was written. The next one works.</summary>
    NotWritten = 0,

    /// <summary>It is written, and throws all the same: the caller cannot tell this from <see cref="NotWritten"/>. The next one works.</summary>
    AnswerLost,

    /// <summary>Nothing is written, and from then on every call throws: the process is as good as dead.</summary>
    CrashBeforeWrite,

    /// <summary>It is written, and from then on every call throws.</summary>
    CrashAfterWrite,

    /// <summary>It is written and answered, so that its effects happen; from the next append on every call throws.</summary>
    CrashAfterEffects,
}
