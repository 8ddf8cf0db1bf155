using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using Sheaf.Client.Connection;
using Sheaf.Samples.Agent;

namespace Sheaf.Client.Commands;

/// <summary>What commands have in common: a cluster to be had from somewhere, and the surroundings.</summary>
internal sealed class CommandHost(IClusterSource source, ClientSurroundings around)
{
    // Of the libraries' name: whoever listens to them hears of the command that began it all.
    private static readonly ActivitySource Spans = new(SheafTelemetry.SourceName);

    /// <summary>Streams and clock.</summary>
    public ClientSurroundings Around => around;

    /// <summary>Lets a command run with a connection, which ends with it. All that it does on the cluster is one trace, which begins here.</summary>
    /// <param name="command">The command.</param>
    /// <param name="action">What it does; its last argument is signalled by Ctrl+C.</param>
    public void SetAction(Command command, Func<ParseResult, ClusterConnection, CancellationToken, Task<int>> action) =>
        command.SetAction(async (arguments, interruption) =>
        {
            ClusterConnection cluster = await source.ConnectAsync(arguments, interruption);
            await using (cluster)
            {
                using Activity? span = Spans.StartActivity(command.Name, ActivityKind.Client);
                try
                {
                    int code = await action(arguments, cluster, interruption);
                    span?.SetTag("process.exit.code", code);
                    if (code is not (ClientProgram.Done or ClientProgram.Cancelled)) span?.SetStatus(ActivityStatusCode.Error);
                    return code;
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    span?.SetStatus(ActivityStatusCode.Error, error.Message);
                    throw;
                }
            }
        });

    /// <summary>The argument of a command about a workflow.</summary>
    public static Argument<string> IdArgument()
    {
        var id = new Argument<string>("ID") { Description = "The workflow's id." };
        id.Validators.Add(Check);
        return id;
    }

    /// <summary>The option of a command that starts a workflow.</summary>
    public static Option<string?> IdOption()
    {
        var id = new Option<string?>("--id")
        {
            HelpName = "ID",
            Description = "The workflow's id; by default a new one. A workflow that is there already is not started again: its end is waited for.",
        };
        id.Validators.Add(Check);
        return id;
    }

    /// <summary>The id given, or a new one.</summary>
#pragma warning disable RS0030 // The id source of this program: nothing is replayed from it.
    public WorkflowId IdOf(string? given, string prefix) =>
        new(given ?? $"{prefix}-{Guid.CreateVersion7(around.TimeProvider.GetUtcNow()).ToString("N")[..16]}");
#pragma warning restore RS0030

    /// <summary>Before a cluster is looked for: what is no id is a usage error.</summary>
    private static void Check(SymbolResult result)
    {
        foreach (Token token in result.Tokens)
        {
            try
            {
                _ = new WorkflowId(token.Value);
            }
            catch (ArgumentException error)
            {
                result.AddError(token.Value.Length == 0 ? "The workflow's id is empty." : UsageException.TextOf(error));
            }
        }
    }
}
