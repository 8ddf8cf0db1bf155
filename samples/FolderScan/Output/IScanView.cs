namespace Sheaf.Samples.FolderScan.Output;

/// <summary>Shows a scan while it goes on, and its end.</summary>
public interface IScanView
{
    /// <summary>
    /// Runs <paramref name="work"/>, which adds to <paramref name="totals"/>, and shows them. What the work throws comes out afterwards.
    /// </summary>
    Task ShowAsync(ScanTotals totals, Func<Task> work);
}
