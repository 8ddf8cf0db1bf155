using System.Text.Json.Serialization;
using Sheaf.Samples.Agent.Questions;

namespace Sheaf.Samples.Agent.Workflows;

/// <summary>
/// What the workflow is asked: a question with its plan. The plan is part of the input, and not made by the workflow, so that better
/// rules for planning change no workflow that runs already.
/// </summary>
/// <param name="Text">The question.</param>
/// <param name="SearchTerms">What the search looks for; null where nothing is searched. An empty list is a search that fails.</param>
/// <param name="Expression">What is calculated, or null.</param>
public sealed record AgentQuestion(string Text, IReadOnlyList<string>? SearchTerms, string? Expression)
{
    /// <summary>How long the workflow stays open once its tools have answered, its heartbeat running: time to kill something. Null for not at all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? Linger { get; init; }

    /// <summary>Whether any tool is asked.</summary>
    public bool AsksAnyTool => SearchTerms is not null || Expression is not null;

    /// <summary>The question of a plan.</summary>
    public static AgentQuestion From(QuestionPlan plan) => new(plan.Question, plan.AsksSearch ? plan.SearchTerms : null, plan.Expression);
}
