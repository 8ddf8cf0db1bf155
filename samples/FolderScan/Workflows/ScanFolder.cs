namespace Sheaf.Samples.FolderScan.Workflows;

/// <summary>
/// Scans a folder with children that scan some files each, on every silo. Silos read their own disks: the folder has to be the same on
/// all of them, shared or copied, or the cluster on one machine.
/// </summary>
[Workflow("scan-folder/v1")]
public sealed class ScanFolder : Workflow<FolderToScan, FolderFindings>
{
    /// <summary>The group's name.</summary>
    public const string Group = "scan";

    // Small enough for the limit on a payload, whatever the paths.
    private const int FilesPerPage = 2_000;

    /// <summary>How many children run at once, on all silos together. Each of them reads several files at once.</summary>
    private const int MaxConcurrency = 16;

    /// <inheritdoc/>
    public override async Task<FolderFindings> RunAsync(FolderToScan input, WorkflowContext workflow) =>
        await workflow.GroupAsync(Group, group => ScanAsync(input, group), new WorkflowGroupOptions { MaxConcurrency = MaxConcurrency });

    private static async Task<FolderFindings> ScanAsync(FolderToScan input, WorkflowGroup group)
    {
        List<Failure> failed = [];
        List<SkippedPath> skipped = [];
        long skippedCount = 0;
        List<(int Files, ChildTask<ScannedFiles> Child)> children = [];
        for (string? after = null, next = ""; next is not null; after = next)
        {
            FilePage page = await group.Start("list", Run.Worker<ListFiles>(), new FilePageRequest(input.Folder, after, FilesPerPage));
            foreach (string[] files in page.Files.Chunk(input.FilesPerChild))
            {
                // Isolated: files that nobody could scan, because a worker was lost for good, are failures like others, and stop none.
                string name = $"files-{children.Count + 1}";
                children.Add((files.Length, group.Start(name, Run.Worker<ScanFiles>(), files, new ChildOptions { Isolated = true })));
            }

            failed.AddRange(page.Failed);
            skipped.AddRange(page.Skipped.Take(ScanTotals.MaxKept - skipped.Count));
            skippedCount += page.Skipped.Count;
            next = page.Next;
        }

        var totals = new ScanSummary { Skipped = skippedCount, Failed = failed.Count };
        foreach ((int files, ChildTask<ScannedFiles> child) in children)
        {
            Outcome<ScannedFiles> outcome = await child.OutcomeAsync();
            if (outcome.TryGetValue(out ScannedFiles? found)) failed.AddRange(found.Failed);
            else failed.Add(Failure.From(outcome.Exception!).At(outcome.Name));
            totals = totals.Plus(found?.Totals ?? new ScanSummary { Failed = files });
        }

        return new FolderFindings(totals, skipped, FailedPaths.Group(failed));
    }
}
