using System.CommandLine;
using Sheaf.Client.Output;

namespace Sheaf.Client.Commands;

/// <summary><c>show</c>: where a workflow stands, with all its children.</summary>
internal static class ShowCommand
{
    public static Command Create(CommandHost host)
    {
        Argument<string> id = CommandHost.IdArgument();
        var all = new Option<bool>("--all") { Description = "Every child, however many are alike." };
        var command = new Command("show", "Shows where a workflow and its children stand: status, worker, silo, attempt, delivery, cause, failures.") { id, all };
        host.SetAction(command, async (arguments, cluster, interruption) =>
        {
            WorkflowId workflow = host.IdOf(arguments.GetRequiredValue(id), "");
            WorkflowDescription description = await cluster.Workflows.DescribeAsync(workflow, interruption)
                ?? throw new KeyNotFoundException($"There is no workflow '{workflow}'.");
            foreach (string line in ChildText.Tree(description, arguments.GetValue(all) ? int.MaxValue : ChildText.Alike)) await host.Around.Output.WriteLineAsync(line);
            if (description.Failure?.ToException(cluster.FailureTypes) is { } failure)
                await host.Around.Output.WriteLineAsync(FailureText.Of(ExceptionGroup.From(failure)));
            return ClientProgram.Done;
        });
        return command;
    }
}
