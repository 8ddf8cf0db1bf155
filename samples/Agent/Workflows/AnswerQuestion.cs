using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Agent.Workflows;

/// <summary>
/// Asks the tools side by side, with a heartbeat beside them, and returns what they gave and what they failed with. A tool that fails
/// stops neither the other tools nor the answer: its failure is part of the findings.
/// </summary>
[Workflow("answer-question/v1")]
public sealed class AnswerQuestion : Workflow<AgentQuestion, AgentFindings>
{
    /// <summary>The name of the group that the tools are children of.</summary>
    public const string Tools = "tools";

    /// <summary>The name of the search's child.</summary>
    public const string Search = "search";

    /// <summary>The name of the calculator's child.</summary>
    public const string Calculator = "calculator";

    /// <summary>The name of the heartbeat's child.</summary>
    public const string Heartbeat = "heartbeat";

    private static readonly TimeSpan BetweenBeats = TimeSpan.FromSeconds(0.5);

    // A tool that takes longer has failed with a TimeoutException, like any other: alone.
    private static readonly ChildOptions Isolated = new()
    {
        Isolated = true,
        Retry = RetryPolicy.None with { AttemptTimeout = TimeSpan.FromSeconds(30) },
    };

    /// <inheritdoc/>
    public override async Task<AgentFindings> RunAsync(AgentQuestion input, WorkflowContext workflow)
    {
        if (!input.AsksAnyTool) return AgentFindings.None;
        return await workflow.GroupAsync(Tools, group => AskAsync(input, group));
    }

    private static async Task<AgentFindings> AskAsync(AgentQuestion question, WorkflowGroup group)
    {
        ChildTask<int> heartbeat = group.Start(
            Heartbeat, Run.Worker<HeartbeatTool>(), BetweenBeats, new ChildOptions { Isolated = true });
        ChildTask<IReadOnlyList<Passage>>? search = question.SearchTerms is { } terms
            ? group.Start(Search, Run.Worker<SearchTool>(), terms, Isolated)
            : null;
        ChildTask<decimal>? calculator = question.Expression is { } expression
            ? group.Start(Calculator, Run.Worker<CalculatorTool>(), expression, Isolated)
            : null;

        Outcome<IReadOnlyList<Passage>>? found = search is null ? null : await search.OutcomeAsync();
        Outcome<decimal>? value = calculator is null ? null : await calculator.OutcomeAsync();
        if (question.Linger is { } linger) await group.DelayAsync(linger);
        // The heartbeat ends only by this. The group absorbs its own cancellation: it still returns what the body does.
        group.Cancel("the tools have answered");
        Outcome<int> beats = await heartbeat.OutcomeAsync();

        Outcome?[] all = [found, value, beats];
        ExceptionGroup? failures = ExceptionGroup.Of(Tools, all.OfType<Outcome>());
        return new AgentFindings(
            found?.ValueOr([]) ?? [],
            value is { IsSuccess: true } ? new Calculation(question.Expression!, value.Value) : null,
            failures is null ? null : Failure.From(failures));
    }
}
