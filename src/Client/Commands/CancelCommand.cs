using System.CommandLine;

namespace Sheaf.Client.Commands;

/// <summary><c>cancel</c>: asks for a workflow's cancellation.</summary>
internal static class CancelCommand
{
    public static Command Create(CommandHost host)
    {
        Argument<string> id = CommandHost.IdArgument();
        var reason = new Option<string?>("--reason") { HelpName = "TEXT", Description = "Why, for people." };
        var command = new Command("cancel", "Asks for a workflow's cancellation, and returns when that is durable.") { id, reason };
        host.SetAction(command, async (arguments, cluster, interruption) =>
        {
            WorkflowId workflow = host.IdOf(arguments.GetRequiredValue(id), "");
            if (!await cluster.Workflows.CancelAsync(workflow, arguments.GetValue(reason), interruption))
                throw new KeyNotFoundException($"There is no workflow '{workflow}', or it has ended: see 'show {workflow}'.");
            await host.Around.Output.WriteLineAsync($"Workflow '{workflow}' is cancelled; 'show {workflow}' says what became of its children.");
            return ClientProgram.Done;
        });
        return command;
    }
}
