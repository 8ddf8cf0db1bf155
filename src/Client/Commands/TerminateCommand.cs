using System.CommandLine;

namespace Sheaf.Client.Commands;

/// <summary><c>terminate</c>: ends a workflow without its code.</summary>
internal static class TerminateCommand
{
    public static Command Create(CommandHost host)
    {
        Argument<string> id = CommandHost.IdArgument();
        var reason = new Option<string?>("--reason") { HelpName = "TEXT", Description = "Why, for people." };
        var command = new Command("terminate", "Ends a workflow without its code, also one that is stuck; what it has running is cancelled. Returns when that is durable. Prefer cancel where its code can run.") { id, reason };
        host.SetAction(command, async (arguments, cluster, interruption) =>
        {
            WorkflowId workflow = host.IdOf(arguments.GetRequiredValue(id), "");
            if (!await cluster.Workflows.TerminateAsync(workflow, arguments.GetValue(reason), interruption))
                throw new KeyNotFoundException($"There is no workflow '{workflow}', or it has ended: see 'show {workflow}'.");
            await host.Around.Output.WriteLineAsync($"Workflow '{workflow}' is terminated; 'show {workflow}' says what of it still ends.");
            return ClientProgram.Done;
        });
        return command;
    }
}
