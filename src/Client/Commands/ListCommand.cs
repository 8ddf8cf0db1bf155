using System.CommandLine;
using Sheaf.Samples.Agent.Output;

namespace Sheaf.Client.Commands;

/// <summary><c>list</c>: all workflows, or those that stand alike.</summary>
internal static class ListCommand
{
    public static Command Create(CommandHost host)
    {
        var status = new Option<WorkflowStatus?>("--status")
        {
            HelpName = "STATUS",
            Description = $"Only these: {string.Join(", ", Enum.GetNames<WorkflowStatus>())}.",
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
}
