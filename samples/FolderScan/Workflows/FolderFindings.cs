namespace Sheaf.Samples.FolderScan.Workflows;

/// <summary>What a scan found.</summary>
/// <param name="Totals">The sums of all children.</param>
/// <param name="Skipped">The first <see cref="ScanTotals.MaxKept"/> entries that were left out on purpose.</param>
/// <param name="Failures">A group with each file that could not be scanned, its path as the origin; null where there is none.</param>
public sealed record FolderFindings(ScanSummary Totals, IReadOnlyList<SkippedPath> Skipped, Failure? Failures);

/// <summary>What was left out on purpose, and why.</summary>
public sealed record SkippedPath(string Path, string Reason);
