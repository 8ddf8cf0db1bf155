using System.CommandLine;
using Sheaf.Client.Output;

namespace Sheaf.Client.Commands;

/// <summary><c>watch</c>: what happens in a workflow, from its beginning to its end. Ctrl+C ends the watching only.</summary>
internal static class WatchCommand
{
    public static Command Create(CommandHost host)
    {
        Argument<string> id = CommandHost.IdArgument();
        var command = new Command("watch", "Prints what happens in a workflow, from its beginning to its end. Ctrl+C ends the watching, not the workflow.") { id };
        host.SetAction(command, async (arguments, cluster, interruption) =>
        {
            await foreach (WorkflowEvent happened in cluster.Workflows.WatchAsync(host.IdOf(arguments.GetRequiredValue(id), ""), interruption).WithCancellation(interruption))
                await host.Around.Output.WriteLineAsync(EventText.Line(happened));
            return ClientProgram.Done;
        });
        return command;
    }
}
