using Sheaf.Journal;

namespace Sheaf.Testing;

/// <summary>What a test host stands on. Immutable.</summary>
public sealed record WorkflowTestOptions
{
    /// <summary>The journal. It outlives the host: give the next host the same one, and it resumes.</summary>
    /// <value>The default is <see langword="null"/>: a <see cref="MemoryJournal"/> of the host's own.</value>
    public IJournal? Journal { get; init; }

    /// <summary>The clock. It outlives the host: give the next host the same one.</summary>
    /// <value>The default is <see langword="null"/>: a clock of the host's own.</value>
    public TestClock? Clock { get; init; }

    /// <summary>
    /// Whether workers and steps run side by side, as in production. If not, one begins when the others have ended or wait for
    /// the clock, in the order of their children: then every run of a test goes the same way.
    /// </summary>
    /// <value>The default is <see langword="false"/>. Set it where workers wait for each other by other means than the clock.</value>
    public bool SideBySide { get; init; }
}
