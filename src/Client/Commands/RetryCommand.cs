using System.CommandLine;

namespace Sheaf.Client.Commands;

/// <summary><c>retry</c>: has a stuck workflow try again.</summary>
internal static class RetryCommand
{
    public static Command Create(CommandHost host)
    {
        Argument<string> id = CommandHost.IdArgument();
        var command = new Command("retry", "Has a stuck workflow try again, when what stopped it is mended: its silo has the right code, or the store the right rights.") { id };
        host.SetAction(command, async (arguments, cluster, interruption) =>
        {
            WorkflowId workflow = host.IdOf(arguments.GetRequiredValue(id), "");
            if (!await cluster.Workflows.RetryAsync(workflow, interruption))
                throw new KeyNotFoundException($"There is no workflow '{workflow}' that is stuck: see 'show {workflow}'.");
            await host.Around.Output.WriteLineAsync($"Workflow '{workflow}' tries again; 'show {workflow}' says how it goes.");
            return ClientProgram.Done;
        });
        return command;
    }
}
