using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>How a crash test goes. Immutable.</summary>
public sealed record CrashTestOptions
{
    /// <summary>The workflow's id, the same in each run: each has a journal of its own.</summary>
    /// <value>The default is <c>crash-test</c>.</value>
    public WorkflowId Id { get; init; } = "crash-test";

    /// <summary>
    /// Opens the journal of a run, given the run's number from 0: once for the host that crashes, and again for the one that
    /// resumes. For one number it has to open the same store. What it returns is disposed of when that host is gone.
    /// </summary>
    /// <value>The default is <see langword="null"/>: journals in memory.</value>
    public Func<int, IJournal>? OpenJournal { get; init; }

    /// <summary>
    /// What clients do, one after the other, each when everything else waits: send a signal, cancel. A call that a crash
    /// interrupts is made again, as a client would, so give signals a key. One that is not answered within a minute is a violation.
    /// </summary>
    /// <value>The default is none.</value>
    public IReadOnlyList<Func<IWorkflowClient, WorkflowId, Task>> WhenWaiting { get; init; } = [];

    /// <summary>Runs after each run, with its number: for checks of one's own, such as what the effects left behind.</summary>
    /// <value>The default is <see langword="null"/>: nothing. What it throws is a violation.</value>
    public Func<int, Task>? AfterRun { get; init; }
}
