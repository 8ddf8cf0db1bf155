namespace Sheaf;

/// <summary>Settings of a silo's part in Sheaf. The same on all silos of a cluster.</summary>
/// <remarks>For start-up; not thread-safe.</remarks>
public sealed class SheafSiloOptions
{
    /// <summary>How long a child runs on without a sign of life from the silo that owns its workflow (rule C5). Then its delivery ends: it is signalled, and what it returns changes nothing.</summary>
    /// <value>The default is 15 s: about three times what the death of a silo takes to be noticed, and the resume after it. At least 1 s, at most a day.</value>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How often one silo of the cluster looks for workflows that no live silo owns, and each for those that it owns itself and does not run
    /// (rule D7). What a silo's death leaves behind is taken over at once; this catches what was missed.
    /// </summary>
    /// <value>The default is 30 s. At least 1 s, at most a day.</value>
    public TimeSpan SweepPeriod { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a silo that stops waits for workers that ignore their tokens.</summary>
    /// <value>The default is 10 s. Zero or more, at most a day.</value>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
