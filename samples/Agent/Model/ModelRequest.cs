using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Agent.Model;

/// <summary>What a model answers from.</summary>
/// <param name="Question">The user's question.</param>
/// <param name="Passages">What the search found, best first; empty if there was none or it failed.</param>
/// <param name="Calculation">What the calculator made of the question, or null if it was not asked or failed.</param>
public sealed record ModelRequest(string Question, IReadOnlyList<Passage> Passages, Calculation? Calculation)
{
    /// <summary>What the tools could not give, a sentence each: the answer has to do without, and should say so.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>Whether the answer is to be in Chinese.</summary>
    public bool InChinese { get; init; }
}

/// <summary>An expression and its value.</summary>
public sealed record Calculation(string Expression, decimal Value);
