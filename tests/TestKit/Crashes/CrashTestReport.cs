namespace Sheaf.Testing;

/// <summary>What a crash test did. Immutable.</summary>
public sealed record CrashTestReport
{
    /// <summary>Every point at which a run went wrong, in order.</summary>
    public required IReadOnlyList<CrashPoint> Points { get; init; }

    /// <summary>How many appends the undisturbed run made.</summary>
    public required int Appends { get; init; }

    /// <summary>How many deliveries the undisturbed run handed out.</summary>
    public required int Effects { get; init; }

    /// <summary>How the undisturbed run ended: the value, or the tree of failures, as text.</summary>
    public required string Outcome { get; init; }

    /// <summary>The journal of the undisturbed run, to be kept and replayed.</summary>
    public required RecordedWorkflow Recorded { get; init; }

    /// <summary>How many times the workflow was run: once undisturbed, and once a point.</summary>
    public int Runs => Points.Count + 1;

    /// <summary>One line.</summary>
    public override string ToString() => $"{Appends} appends, {Effects} effects: {Points.Count} crash points, {Runs} runs, 0 violations";
}
