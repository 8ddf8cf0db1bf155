using System.CommandLine;
using System.CommandLine.Parsing;
using Sheaf.Samples.Agent.Output;

namespace Sheaf.Client.Commands;

/// <summary><c>list</c>: all workflows, or those that stand alike.</summary>
internal static class ListCommand
{
    private static readonly string Names = string.Join(", ", Enum.GetNames<WorkflowStatus>());

    public static Command Create(CommandHost host)
    {
        var status = new Option<WorkflowStatus?>("--status")
        {
            HelpName = "STATUS",
            Description = $"Only these: {Names}.",
            CustomParser = Parse,
        };
        var command = new Command("list", "Lists workflows, oldest first: id, code, status, when it was started.") { status };
        host.SetAction(command, async (arguments, cluster, interruption) =>
        {
            await foreach (WorkflowSummary workflow in cluster.Workflows.ListAsync(arguments.GetValue(status), interruption))
                await host.Around.Output.WriteLineAsync(Printable.Line($"{workflow.Id}  {workflow.Workflow}  {workflow.Status}  {workflow.CreatedAt:u}"));
            return ClientProgram.Done;
        });
        return command;
    }

    private static WorkflowStatus? Parse(ArgumentResult result)
    {
        string text = result.Tokens is [var token] ? token.Value : "";
        // By default numbers are taken too, also those of no status.
        foreach (WorkflowStatus status in Enum.GetValues<WorkflowStatus>())
        {
            if (string.Equals(status.ToString(), text, StringComparison.OrdinalIgnoreCase)) return status;
        }

        result.AddError($"--status is '{text}': it must be one of {Names}.");
        return null;
    }
}
