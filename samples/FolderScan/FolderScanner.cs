namespace Sheaf.Samples.FolderScan;

/// <summary>
/// Scans what a walk finds, one child of a task group an entry, several at once. A file that fails stops no other; all failures come
/// back as one exception group, in which each has its file's path as the child's name.
/// </summary>
/// <param name="totals">Is told what was found, as it is found, and the failures at the end.</param>
/// <param name="open">Opens a file.</param>
/// <param name="maxConcurrency">How many files are read at once.</param>
/// <param name="timeProvider">The clock.</param>
public sealed class FolderScanner(ScanTotals totals, Func<string, Stream> open, int maxConcurrency, TimeProvider timeProvider)
{
    /// <summary>
    /// How many failures are held in full, with path and reason: more than anybody reads, so that the group says of every failed file
    /// which and why. Beyond, a group holds at least one of each type and counts the rest. A failure takes one to a few kilobytes: at
    /// this bound, some hundred megabytes.
    /// </summary>
    public const int MaxFailures = 100_000;

    /// <summary>Scans. Failures of files are in the totals afterwards, and are not thrown.</summary>
    /// <param name="entries">What to scan. Enumerated twice: once to scan, and meanwhile once to count what there is.</param>
    /// <param name="cancellationToken">Ends the scan at the next block of each file that is being read.</param>
    /// <exception cref="OperationCanceledException">The token was signalled. The totals are of what was done until then.</exception>
    public async Task RunAsync(IEnumerable<WalkEntry> entries, CancellationToken cancellationToken)
    {
        await TaskGroup.RunAsync(
            async group =>
            {
                // Isolated, and asked for its outcome: the count is for the percentage only, and no reason to end the scan.
                ChildTask count = group.Start(
                    "count", token => Task.Run(() => Count(entries, token), token), new ChildOptions { Isolated = true });
                try
                {
                    await ScanAsync(entries, group.CancellationToken);
                }
                catch (ExceptionGroup failures)
                {
                    totals.End(failures);
                }

                group.Cancel("the scan has ended");
                await count.OutcomeAsync();
            },
            new TaskGroupOptions { Name = "folder", TimeProvider = timeProvider },
            cancellationToken);

        // Interrupted with failures, or between two files, the group above ends like a whole scan. It was none.
        cancellationToken.ThrowIfCancellationRequested();
    }

    private Task<MapSummary> ScanAsync(IEnumerable<WalkEntry> entries, CancellationToken cancellationToken) => TaskGroup.MapAsync(
        WithoutSkipped(entries, cancellationToken),
        ScanAsync,
        new MapOptions<WalkEntry>
        {
            Name = entry => entry.Path,
            Progress = new CountFailed(totals),
            Group = new TaskGroupOptions
            {
                Name = "scan",
                Policy = GroupPolicy.CollectAll,
                MaxConcurrency = maxConcurrency,
                MaxFailures = MaxFailures,
                TimeProvider = timeProvider,
            },
        },
        cancellationToken);

    private async Task ScanAsync(WalkEntry entry, CancellationToken cancellationToken)
    {
        // What the walk could not read, a dangling link or a closed folder, fails like a file that cannot be read: by its path.
        if (entry is FailedEntry failed) throw failed.Error;
        totals.Add(await FileScan.ScanAsync(entry.Path, open, cancellationToken));
    }

    private IEnumerable<WalkEntry> WithoutSkipped(IEnumerable<WalkEntry> entries, CancellationToken cancellationToken)
    {
        foreach (WalkEntry entry in entries)
        {
            // Ends instead of throwing: for the map, which has a token of its own, an exception of this one would be one more failure.
            if (cancellationToken.IsCancellationRequested) yield break;
            if (entry is SkippedEntry skipped) totals.Add(skipped);
            else yield return entry;
        }
    }

    /// <summary>Shows failures while the scan still runs; the failures themselves come with its end.</summary>
    private sealed class CountFailed(ScanTotals totals) : IProgress<Outcome>
    {
        public void Report(Outcome value)
        {
            if (value.Kind == OutcomeKind.Failed) totals.AddFailed();
        }
    }

    private void Count(IEnumerable<WalkEntry> entries, CancellationToken cancellationToken)
    {
        long files = 0;
        long bytes = 0;
        foreach (WalkEntry entry in entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entry is not SkippedEntry) files++;
            if (entry is FileEntry file) bytes += file.Bytes;
        }

        totals.Expect(files, bytes);
    }
}
