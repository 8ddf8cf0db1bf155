using System.CommandLine;
using Sheaf.Samples.FolderScan;
using Sheaf.Samples.FolderScan.Output;
using Sheaf.Samples.FolderScan.Workflows;

namespace Sheaf.Client.Commands;

/// <summary><c>folder-scan</c>: scans a folder of the silos' disks.</summary>
internal static class FolderScanCommand
{
    public static Command Create(CommandHost host)
    {
        var folder = new Argument<string>("DIR") { Description = "The folder, on the silos' disks: it has to be there on every silo. A relative path begins at this program's folder." };
        var json = new Option<bool>("--json") { Description = "Writes one JSON document instead of lines." };
        Option<string?> id = CommandHost.IdOption();
        var command = new Command("folder-scan", "Scans every file of a folder, some files a child, on all silos. Silos read their own disks.") { folder, json, id };
        host.SetAction(command, async (arguments, cluster, interruption) =>
        {
            var totals = new ScanTotals(host.Around.TimeProvider);
            // One document alone on standard output: what else is said goes to standard error.
            bool asJson = arguments.GetValue(json);
            ClientSurroundings around = asJson ? host.Around with { Output = host.Around.Error } : host.Around;
            var input = new FolderToScan(Path.GetFullPath(arguments.GetRequiredValue(folder)));
            return await new WorkflowRun(cluster, around).RunAsync(
                Run.Workflow<ScanFolder>(),
                host.IdOf(arguments.GetValue(id), "folder-scan"),
                input,
                async (found, _) =>
                {
                    totals.Add(found.Totals, found.Skipped.Select(skipped => new SkippedEntry(skipped.Path, skipped.Reason)));
                    if (found.Failures?.ToException(cluster.FailureTypes) is ExceptionGroup failures) totals.End(failures);
                    IScanView view = asJson
                        ? new JsonScanView(Console.OpenStandardOutput())
                        : new PlainScanView(around.Output, Timeout.InfiniteTimeSpan, around.TimeProvider);
                    await view.ShowAsync(totals, () => Task.CompletedTask);
                    return totals.Failures is null ? ClientProgram.Done : ClientProgram.SomeFailed;
                },
                interruption);
        });
        return command;
    }
}
