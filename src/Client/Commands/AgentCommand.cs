using System.CommandLine;
using Sheaf.Client.Connection;
using Sheaf.Client.Output;
using Sheaf.Samples.Agent;
using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Output;
using Sheaf.Samples.Agent.Questions;

namespace Sheaf.Client.Commands;

/// <summary><c>agent</c>: answers a question. The tools run on the silos and search the silos' documents; the model is asked from here.</summary>
internal static class AgentCommand
{
    public static Command Create(CommandHost host)
    {
        var question = new Argument<string>("QUESTION") { Description = "The question, in English or Chinese." };
        var json = new Option<bool>("--json") { Description = "Writes one JSON document instead of lines." };
        var forbid = new Option<string[]>("--forbid") { HelpName = "TERM", Description = "A term that the answer must not contain. May be given several times." };
        Option<string?> id = CommandHost.IdOption();
        Option<double?> linger = AgentProgram.LingerOption();
        var command = new Command("agent", "Answers a question from the silos' documents and a calculator.") { question, json, forbid, id, linger };
        host.SetAction(command, (arguments, cluster, interruption) => AnswerAsync(
            host,
            cluster,
            arguments.GetRequiredValue(question),
            arguments.GetValue(json),
            arguments.GetValue(forbid) ?? [],
            host.IdOf(arguments.GetValue(id), "agent"),
            AgentProgram.LingerOf(arguments, linger),
            interruption));
        return command;
    }

    private static async Task<int> AnswerAsync(
        CommandHost host, ClusterConnection cluster, string question, bool json, string[] forbid, WorkflowId id, TimeSpan? linger, CancellationToken interruption)
    {
        ClientSurroundings around = host.Around;
        (QuestionPlan plan, OpenAiOptions? model) = Read(question);
        IAnswerView view = AnswerViews.ForConsole(json, around.Output, around.TimeProvider);
        var progress = new AnswerProgress(plan.Question, view);
        using var http = new HttpClient();
        var session = new AgentSession(plan, id, model is null ? null : new OpenAiLanguageModel(http, model), cluster.FailureTypes, around.TimeProvider)
        {
            Forbidden = [.. ComplianceCheck.DefaultRules, .. forbid],
            Linger = linger,
            Notes = around.Error,
            CancelReason = Interruption.Reason,
        };
        try
        {
            return await session.RunAsync(cluster.Workflows, progress, view, interruption) ? ClientProgram.Done : ClientProgram.SomeFailed;
        }
        catch (OperationCanceledException stopped) when (stopped is not StartNotAnsweredException)
        {
            if (await cluster.Workflows.DescribeAsync(id, CancellationToken.None) is { } description)
                foreach (string line in RunText.Lines(description)) await around.Error.WriteLineAsync(line);
            return ClientProgram.Cancelled;
        }
    }

    private static (QuestionPlan Plan, OpenAiOptions? Model) Read(string question)
    {
        try
        {
            return (QuestionPlan.From(question), OpenAiOptions.FromEnvironment(Environment.GetEnvironmentVariable));
        }
        catch (ArgumentException error)
        {
            throw new UsageException(UsageException.TextOf(error), error);
        }
    }
}
