namespace Sheaf.Samples.FolderScan.Output;

/// <summary>Shows a scan while it goes on, and its end.</summary>
public interface IScanView
{
    /// <summary>Runs <paramref name="work"/>, which adds to <paramref name="totals"/>. What the work throws comes out, after the totals are shown.</summary>
    Task ShowAsync(ScanTotals totals, Func<Task> work);
}
