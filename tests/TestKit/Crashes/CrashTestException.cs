namespace Sheaf.Testing;

/// <summary>A workflow did not come through its crashes. The message names each violation with its crash point.</summary>
public sealed class CrashTestException : Exception
{
    internal CrashTestException(WorkflowId id, int runs, IReadOnlyList<CrashViolation> violations)
        : base($"Workflow '{id}': {violations.Count} violations in {runs} runs.\n{string.Join('\n', violations)}") => Violations = violations;

    /// <summary>All of them, in the order of the runs.</summary>
    public IReadOnlyList<CrashViolation> Violations { get; }
}
