namespace Sheaf.Samples.FolderScan.Workflows;

/// <summary>Scans some files on the disk of the silo that runs it, in a local task group. A file that fails stops no other.</summary>
[Worker("scan-files/v1")]
public sealed class ScanFiles(TimeProvider timeProvider) : Worker<IReadOnlyList<string>, ScannedFiles>
{
    /// <inheritdoc/>
    public override async Task<ScannedFiles> RunAsync(IReadOnlyList<string> input, WorkerContext context, CancellationToken cancellationToken)
    {
        var totals = new ScanTotals(timeProvider);
        var scanner = new FolderScanner(totals, FileScan.Open, Environment.ProcessorCount, timeProvider);
        await scanner.RunAsync(input.Select(path => new FileEntry(path, bytes: 0)), cancellationToken);
        return new ScannedFiles(totals.Summary, totals.Failures is { } failures ? Failure.From(failures).Inner : []);
    }
}

/// <summary>What a child found.</summary>
/// <param name="Totals">The sums of its files.</param>
/// <param name="Failed">Each file that could not be scanned, its path as the origin.</param>
public sealed record ScannedFiles(ScanSummary Totals, IReadOnlyList<Failure> Failed);
