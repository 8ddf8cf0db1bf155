namespace Sheaf.Samples.FolderScan.Output;

/// <summary>Words and numbers for people, the same on a terminal and in a pipe.</summary>
internal static class ScanText
{
    private const int MaxTree = 20;

    /// <summary>A line on where the scan stands.</summary>
    public static string Progress(ScanSummary summary)
    {
        string done = summary.Fraction is { } fraction ? $"{Math.Floor(fraction * 100):0}%" : "counting";
        string of = summary.ExpectedFiles is { } files ? $" of {files}" : "";
        string left = summary.TimeLeft is { } time ? $", {Time(time)} left" : "";
        return $"{done}: {summary.Files}{of} files, {Rate(summary)}{left}";
    }

    /// <summary>Files and megabytes a second.</summary>
    public static string Rate(ScanSummary summary) => $"{summary.FilesPerSecond:0.0} files/s, {summary.BytesPerSecond / 1e6:0.0} MB/s";

    /// <summary>The totals, a line each.</summary>
    public static IEnumerable<string> Totals(ScanTotals totals)
    {
        ScanSummary summary = totals.Summary;
        yield return $"{summary.Files} files ({summary.BinaryFiles} binary), {summary.Bytes} bytes, "
            + $"{summary.Lines} lines, {summary.Words} words";
        yield return $"{Time(summary.Elapsed)}, {Rate(summary)}";
        if (summary.Skipped > 0) yield return $"{summary.Skipped} skipped";
        foreach (SkippedEntry skipped in totals.Skipped) yield return Line($"  {skipped.Path}: {skipped.Reason}");
        if (summary.Skipped > totals.Skipped.Count) yield return $"  … and {summary.Skipped - totals.Skipped.Count} more";
        if (summary.Failed > 0) yield return $"{summary.Failed} failed";
        foreach (string line in Failures(totals)) yield return line;
    }

    /// <summary>A duration.</summary>
    public static string Time(TimeSpan time) =>
        time < TimeSpan.FromSeconds(10) ? $"{time.TotalSeconds:0.0} s"
        : time < TimeSpan.FromMinutes(1) ? $"{time.TotalSeconds:0} s"
        : time < TimeSpan.FromHours(1) ? $"{time.Minutes} min {time.Seconds} s"
        : $"{(long)time.TotalHours} h {time.Minutes} min";

    /// <summary>On one line, without control characters: a file's name may contain any.</summary>
    public static string Line(string text) => string.Concat(text.Where(c => !char.IsControl(c)));

    // The tree of a group stops at so many children; whoever scanned a folder wants the name of every file.
    private static IEnumerable<string> Failures(ScanTotals totals) =>
        totals.Failures is not { } failures ? []
        : failures.InnerExceptions.Count <= MaxTree ? failures.ToTreeString().Split('\n').Select(Line)
        : failures.Leaves.Select(leaf => Line($"  {PathOf(leaf)}: {leaf.Exception.GetType()}: {leaf.Exception.Message}"))
            .Prepend(failures.Message);

    /// <summary>The file's path: the name of the child that failed; empty for what stands for several that are only counted.</summary>
    public static string PathOf(FailureLeaf leaf) => leaf.Origins is [var origin, ..] ? origin.ToString() : "";
}
