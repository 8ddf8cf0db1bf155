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
        folder.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" }]) result.AddError("The folder's name is empty.");
        });
        var json = new Option<bool>("--json") { Description = "Writes one JSON document instead of lines, also where the scan as a whole has failed." };
        Option<string?> id = CommandHost.IdOption();
        var command = new Command("folder-scan", "Scans every file of a folder, some files a child, on all silos. Silos read their own disks.") { folder, json, id };
        host.SetAction(command, (arguments, cluster, interruption) =>
        {
            var totals = new ScanTotals(host.Around.TimeProvider);
            // One document alone on standard output: what else is said goes to standard error.
            bool asJson = arguments.GetValue(json);
            ClientSurroundings around = asJson ? host.Around with { Output = host.Around.Error } : host.Around;
            var input = new FolderToScan(Path.GetFullPath(arguments.GetRequiredValue(folder)));
            return new WorkflowRun(cluster, around).RunAsync(
                Run.Workflow<ScanFolder>(),
                host.IdOf(arguments.GetValue(id), "folder-scan"),
                input,
                async found =>
                {
                    totals.Add(found.Totals, found.Skipped.Select(skipped => new SkippedEntry(skipped.Path, skipped.Reason)));
                    if (found.Failures?.ToException(cluster.FailureTypes) is ExceptionGroup failures) totals.End(failures);
                    IScanView view = asJson ? Json() : new PlainScanView(around.Output, Timeout.InfiniteTimeSpan, around.TimeProvider);
                    await view.ShowAsync(totals, () => Task.CompletedTask);
                    return totals.Failures is null ? ClientProgram.Done : ClientProgram.SomeFailed;
                },
                asJson ? failures => Json().ShowAsync(totals, () => FailAsync(totals, failures)) : null,
                interruption);
        });
        return command;
    }

    private static JsonScanView Json() => new(Console.OpenStandardOutput());

    /// <summary>The scan as a whole has failed: nothing is known but what failed.</summary>
    private static Task FailAsync(ScanTotals totals, ExceptionGroup failures)
    {
        foreach (FailureLeaf _ in failures.Leaves) totals.AddFailed();
        totals.End(failures);
        return Task.CompletedTask;
    }
}
