using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Output;
using Sheaf.Samples.Agent.Questions;
using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Agent;

/// <summary>The command line: reads the arguments, answers, and says how it went by an exit code.</summary>
public static class AgentProgram
{
    /// <summary>The answer lacks nothing.</summary>
    public const int Answered = 0;

    /// <summary>The arguments or the settings of the model make no sense.</summary>
    public const int UsageError = 2;

    /// <summary>A tool, the model or the check on its answer has failed: the answer does without.</summary>
    public const int Degraded = 3;

    /// <summary>Ctrl+C: the workflow was cancelled, and what was done until then was shown.</summary>
    public const int Interrupted = 130;

    /// <summary>Runs the program.</summary>
    /// <param name="args">As given to the process.</param>
    /// <param name="surroundings">Streams, clock and environment.</param>
    /// <param name="cancellationToken">Cancels the workflow, or the answer; what was done is shown.</param>
    /// <returns>The exit code: one of the constants here.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, AgentSurroundings surroundings, CancellationToken cancellationToken)
    {
        var question = new Argument<string>("QUESTION") { Description = "The question, in English or Chinese." };
        var documents = new Option<string>("--documents")
        {
            Description = "The folder with the .md and .txt documents to search; by default those that come with the program.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => DocumentIndex.DefaultFolder,
        };
        var json = new Option<bool>("--json") { Description = "Writes one JSON document instead of lines." };
        var forbid = new Option<string[]>("--forbid")
        {
            Description = "A term that the answer must not contain, beside the usual ones. May be given several times.",
            HelpName = "TERM",
        };
        var id = new Option<string?>("--id") { Description = "The workflow's id; by default a new one.", HelpName = "ID" };
        var journal = new Option<string?>("--journal")
        {
            Description = "A file for the workflow's journal. Killed in the middle, the same command with the same --id goes on where it was.",
            HelpName = "FILE",
        };
        Option<double?> linger = LingerOption();
        var command = new RootCommand(
            "Answers a question from documents and a calculator. The answer and, below it, the tree of all failures go to standard output. "
            + "OPENAI_BASE_URL, OPENAI_MODEL and OPENAI_API_KEY name a language model; without one, what was found is quoted. "
            + "Exit codes: 0 answered, 2 usage error, 3 degraded answer, 130 interrupted.")
        {
            question, documents, json, forbid, id, journal, linger,
        };
        command.SetAction((arguments, token) => AnswerAsync(
            arguments.GetRequiredValue(question),
            arguments.GetRequiredValue(documents),
            arguments.GetValue(json),
            arguments.GetValue(forbid) ?? [],
            arguments.GetValue(id),
            arguments.GetValue(journal),
            LingerOf(arguments, linger),
            surroundings,
            token));

        return await CommandRun.InvokeAsync(command, args, surroundings.Output, surroundings.Error, UsageError, cancellationToken);
    }

    /// <summary>The option of <see cref="AgentSession.Linger"/>.</summary>
    public static Option<double?> LingerOption() => SecondsOption.Create(
        "--linger", "Keeps the workflow open for so long once its tools have answered, its heartbeat running: time to kill something.");

    /// <summary>What <see cref="LingerOption"/> was given.</summary>
    public static TimeSpan? LingerOf(ParseResult arguments, Option<double?> linger) =>
        arguments.GetValue(linger) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static async Task<int> AnswerAsync(
        string question,
        string documents,
        bool json,
        string[] forbid,
        string? id,
        string? journal,
        TimeSpan? linger,
        AgentSurroundings surroundings,
        CancellationToken cancellationToken)
    {
        try
        {
            QuestionPlan plan;
            OpenAiOptions? model;
            WorkflowId workflow;
            DocumentIndex index;
            try
            {
                plan = QuestionPlan.From(question);
                if (documents.Length == 0) throw new ArgumentException("The name of the folder with the documents is empty.");
                if (id is { Length: 0 }) throw new ArgumentException("The workflow's id is empty.");
                model = OpenAiOptions.FromEnvironment(surroundings.Variable);
                workflow = new WorkflowId(id ?? $"question-{Guid.CreateVersion7(surroundings.TimeProvider.GetUtcNow())}");
                index = await DocumentIndex.BuildAsync(documents, cancellationToken);
            }
            catch (Exception exception) when (exception is ArgumentException or DirectoryNotFoundException)
            {
                await surroundings.Error.WriteLineAsync(UsageException.TextOf(exception));
                return UsageError;
            }

            await using (index)
            {
                foreach ((_, Exception error) in index.Errors) await surroundings.Error.WriteLineAsync($"Not searched: {error.Message}");
                ILanguageModel? asked = model is null ? null : surroundings.Model(model);
                IAnswerView view = surroundings.View(json);
                var progress = new AnswerProgress(plan.Question, view);
                ServiceProvider services = EmbeddedAgent.Build(index, progress, journal, surroundings.TimeProvider);
                await using (services)
                {
                    FailureTypes types = services.GetRequiredService<SheafOptions>().FailureTypes;
                    var session = new AgentSession(plan, workflow, asked, types, surroundings.TimeProvider)
                    {
                        Forbidden = [.. ComplianceCheck.DefaultRules, .. forbid],
                        Linger = linger,
                        Notes = surroundings.Error,
                    };
                    var client = services.GetRequiredService<IWorkflowClient>();
                    return await session.RunAsync(client, progress, view, cancellationToken) ? Answered : Degraded;
                }
            }
        }
        catch (UsageException error)
        {
            await surroundings.Error.WriteLineAsync(error.Message);
            return UsageError;
        }
        catch (StartNotAnsweredException unknown)
        {
            await surroundings.Error.WriteLineAsync(unknown.Message);
            return Interrupted;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await surroundings.Error.WriteLineAsync("Interrupted: what was done until then is shown.");
            return Interrupted;
        }
    }
}
