using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Agent.Workflows;

/// <summary>What the tools gave, and what they failed with.</summary>
/// <param name="Passages">What the search found, best first; empty if it was not asked, or failed.</param>
/// <param name="Calculation">The expression and its value; null if it was not asked, or failed.</param>
/// <param name="Failures">A group of every tool's failure, each with its origin; null where none failed.</param>
public sealed record AgentFindings(IReadOnlyList<Passage> Passages, Calculation? Calculation, Failure? Failures)
{
    /// <summary>Where no tool was asked.</summary>
    public static AgentFindings None { get; } = new([], null, null);
}
