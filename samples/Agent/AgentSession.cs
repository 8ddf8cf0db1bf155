using System.Runtime.ExceptionServices;
using Sheaf.Samples.Agent.Answering;
using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Output;
using Sheaf.Samples.Agent.Questions;
using Sheaf.Samples.Agent.Workflows;

namespace Sheaf.Samples.Agent;

/// <summary>
/// Answers one question: runs the workflow through a client, in this process or on a cluster, shows its tools meanwhile, then lets a
/// model write the answer.
/// </summary>
/// <param name="plan">The question and the tools that it asks for.</param>
/// <param name="id">The workflow's id.</param>
/// <param name="model">Writes the answer; null where none is configured.</param>
/// <param name="types">The exception types that failures of tools are made again as.</param>
/// <param name="timeProvider">The clock.</param>
public sealed class AgentSession(QuestionPlan plan, WorkflowId id, ILanguageModel? model, FailureTypes types, TimeProvider timeProvider)
{
    /// <summary>Terms that the answer must not contain.</summary>
    public IReadOnlyCollection<string> Forbidden { get; init; } = ComplianceCheck.DefaultRules;

    /// <summary>How long the workflow stays open once its tools have answered; null for not at all.</summary>
    public TimeSpan? Linger { get; init; }

    /// <summary>Why the workflow is cancelled when the token is signalled, for people; the workflow keeps it.</summary>
    public string CancelReason { get; init; } = "Ctrl+C";

    /// <summary>Where it is said that a workflow goes on instead of beginning, and what was lost on the way.</summary>
    public TextWriter Notes { get; init; } = TextWriter.Null;

    /// <summary>Answers the question.</summary>
    /// <param name="client">Runs the workflow.</param>
    /// <param name="progress">Is told what happens; it tells <paramref name="view"/>.</param>
    /// <param name="view">Shows it.</param>
    /// <param name="cancellationToken">Cancels the workflow, or the answer.</param>
    /// <returns>Whether nothing failed. Failures are shown, as one tree, and not thrown.</returns>
    /// <exception cref="OperationCanceledException">
    /// The token was signalled. What was done is shown, what had failed by then included.
    /// </exception>
    public async Task<bool> RunAsync(IWorkflowClient client, AnswerProgress progress, IAnswerView view, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        await view.ShowAsync(async () =>
        {
            try
            {
                await AnswerAsync(client, progress, failures, cancellationToken);
            }
            finally
            {
                if (failures.Count > 0) progress.Fail((ExceptionGroup)FailureTree.Group("failures", failures).ToException(types));
            }
        });
        return failures.Count == 0;
    }

    private async Task AnswerAsync(
        IWorkflowClient client, AnswerProgress progress, List<Failure> failures, CancellationToken cancellationToken)
    {
        AgentQuestion question = AgentQuestion.From(plan) with { Linger = Linger };
        if (question.SearchTerms is not null) progress.Tool(new ToolView(AnswerQuestion.Search, ToolState.Waiting));
        if (question.Expression is not null) progress.Tool(new ToolView(AnswerQuestion.Calculator, ToolState.Waiting));

        AgentFindings findings = await AskToolsAsync(client, question, progress, cancellationToken);
        if (findings.Failures is { } failed) failures.Add(failed.At(AnswerQuestion.Tools));

        var stage = new AnswerStage(
            model ?? new PassageLanguageModel(),
            model is null ? null : new PassageLanguageModel(failedModel: model.Name),
            Forbidden,
            progress,
            timeProvider);
        failures.AddRange(await stage.RunAsync(RequestFor(question, findings), cancellationToken));
    }

    /// <summary>Runs the workflow and shows what happens in it.</summary>
    private async Task<AgentFindings> AskToolsAsync(
        IWorkflowClient client, AgentQuestion question, AnswerProgress progress, CancellationToken cancellationToken)
    {
        await StartAsync(client, question, cancellationToken);

        Exception? uncancelled = null;
        // The group is not given the caller's token, the workflow is: cancelled, it ends with events that are to be seen.
        Outcome<AgentFindings> end = await TaskGroup.RunAsync(
            async group =>
            {
                _ = group.Start(
                    "watch", token => new ToolWatch(AnswerQuestion.Tools, progress, Notes).ShowAsync(client.WatchAsync(id, token), token));
                ChildTask<AgentFindings> result = group.Start(
                    "workflow", token => client.ResultAsync<AgentFindings>(id, token), new ChildOptions { Isolated = true });
                await ((Task)result).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                try
                {
                    if (!((Task)result).IsCompleted) await client.CancelAsync(id, CancelReason, CancellationToken.None);
                }
                catch (Exception error)
                {
                    // Thrown from here it would be one of a group.
                    uncancelled = error;
                    group.Cancel("the workflow cannot be cancelled");
                }

                Outcome<AgentFindings> workflow = await result.OutcomeAsync();
                // A stuck workflow has not ended, and so neither would the watching.
                if (workflow.Exception is WorkflowStuckException) group.Cancel("the workflow is stuck");
                return workflow;
            },
            new TaskGroupOptions { Name = "question", TimeProvider = timeProvider },
            CancellationToken.None);

        if (uncancelled is not null) ExceptionDispatchInfo.Throw(uncancelled);
        cancellationToken.ThrowIfCancellationRequested();
        if (end.IsSuccess) return end.Value;
        // The tools fail as data. What arrives here is a failure of the workflow as a whole: then the answer does without findings.
        if (end.Exception is ExceptionGroup failures) return AgentFindings.None with { Failures = Failure.From(failures) };
        if (end.Exception is { } unexpected) ExceptionDispatchInfo.Throw(unexpected);
        throw new OperationCanceledException($"The workflow '{id}' was cancelled by somebody else.");
    }

    /// <summary>Starts the workflow, or finds it as a former process left it.</summary>
    /// <exception cref="UsageException">The id belongs to another question, or is not for a client to give.</exception>
    private async Task StartAsync(IWorkflowClient client, AgentQuestion question, CancellationToken cancellationToken)
    {
        if (await new InterruptibleStart(client, id, CancelReason, Notes, timeProvider).RunAsync(Run.Workflow<AnswerQuestion>(), question, cancellationToken)) return;
        // Not given up with the token: the workflow is there, and has to be cancelled then.
        WorkflowDescription found = (await client.DescribeAsync(id, CancellationToken.None))!;
        await Notes.WriteLineAsync(found.Status == WorkflowStatus.Running
            ? $"Workflow '{id}' goes on: it began at {found.CreatedAt:u}, and its journal has {found.JournalLength} entries."
            : $"Workflow '{id}' has ended already ({found.Status}); its tools are not asked again.");
    }

    private ModelRequest RequestFor(AgentQuestion question, AgentFindings findings) =>
        new(plan.Question, findings.Passages, findings.Calculation)
        {
            InChinese = plan.IsChinese,
            Missing =
            [
                .. question.AsksAnyTool ? [] : new[] { plan.IsChinese ? "没有工具可以回答这个问题" : "the question asks for no tool" },
                .. findings.Failures is null
                    ? []
                    : ExceptionGroup.From(findings.Failures.ToException()).Leaves.Select(leaf =>
                        $"{(leaf.Origins is [{ Path: [.., var child] }, ..] ? child : AnswerQuestion.Tools)}: {leaf.Exception.Message}"),
            ],
        };
}
