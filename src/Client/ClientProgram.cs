using Orleans.Runtime;
using Sheaf.Client.Commands;
using Sheaf.Client.Connection;
using Sheaf.Samples.Agent;
using Sheaf.Settings;

namespace Sheaf.Client;

/// <summary>The command line: reads the arguments, does one thing on a cluster, and says how it went by an exit code.</summary>
internal static class ClientProgram
{
    /// <summary>It was done, and nothing failed.</summary>
    public const int Done = 0;

    /// <summary>No cluster answers, or the workflow is stuck.</summary>
    public const int Unreachable = 1;

    /// <summary>The arguments or settings make no sense, or there is no such workflow.</summary>
    public const int UsageError = 2;

    /// <summary>Some or all of it failed; the failures were shown.</summary>
    public const int SomeFailed = 3;

    /// <summary>Cancelled, by Ctrl+C here or by somebody else; what was cancelled was shown.</summary>
    public const int Cancelled = 130;

    /// <summary>Runs the program.</summary>
    /// <param name="args">As given to the process.</param>
    /// <param name="around">Streams and clock.</param>
    /// <param name="interruption">Signalled by Ctrl+C: a command that runs a workflow cancels it.</param>
    /// <returns>The exit code: one of the constants here.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, ClientSurroundings around, CancellationToken interruption)
    {
        try
        {
            return await CommandRun.InvokeAsync(AllCommands.Create(around), args, around.Output, around.Error, UsageError, interruption);
        }
        catch (Exception error) when (CodeOf(error, interruption) is not null)
        {
            await around.Error.WriteLineAsync(error is OperationCanceledException and not StartNotAnsweredException ? "Interrupted." : error.Message);
            if (error is SettingsException) await around.Error.WriteLineAsync("'--help' names the options, and the variables that stand for them.");
            return CodeOf(error, interruption)!.Value;
        }
    }

    private static int? CodeOf(Exception error, CancellationToken interruption) => error switch
    {
        SettingsException or UsageException or KeyNotFoundException => UsageError,
        NoClusterException or WorkflowStuckException or OrleansException or TimeoutException => Unreachable,
        OperationCanceledException when interruption.IsCancellationRequested => Cancelled,
        _ => null,
    };
}
