namespace Sheaf.Testing;

/// <summary>What goes wrong at a point of a crash test.</summary>
public enum CrashKind
{
    /// <summary>An append throws, and nothing was written; the host lives on.</summary>
    WriteFails = 0,

    /// <summary>An append is written, but its answer is lost; the host lives on, and reads its journal again (rule D5).</summary>
    AnswerIsLost,

    /// <summary>The host is gone before an append.</summary>
    CrashBeforeWrite,

    /// <summary>The host is gone after an append, before anything follows from it (rule D4).</summary>
    CrashAfterWrite,

    /// <summary>The host hangs before an append; another takes its workflow over, and then the append comes after all (rule D5).</summary>
    TakeoverBeforeWrite,

    /// <summary>The host is gone before a worker or step does anything.</summary>
    CrashBeforeEffect,

    /// <summary>The host is gone after a worker or step has done its work, before anybody has heard of it (rule D2).</summary>
    CrashAfterEffect,

    /// <summary>The host is gone while everything waits for the clock or a signal.</summary>
    CrashWhileWaiting,

    /// <summary>The host is stopped in order while everything waits: it hands back what runs, and that does not count as lost (rule D2).</summary>
    StopWhileWaiting,
}
