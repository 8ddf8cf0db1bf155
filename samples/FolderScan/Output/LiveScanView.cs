using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sheaf.Samples.FolderScan.Output;

/// <summary>A bar on a terminal with percent, rate and time left; the totals in its place at the end.</summary>
public sealed class LiveScanView(IAnsiConsole console, TimeProvider timeProvider) : IScanView
{
    private const int BarWidth = 40;

    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public async Task ShowAsync(ScanTotals totals, Func<Task> work)
    {
        try
        {
            await console.Live(Picture(totals.Summary)).AutoClear(true).StartAsync(live => RunAsync(live, totals, work));
        }
        finally
        {
            foreach (string line in ScanText.Totals(totals)) console.WriteLine(line);
        }
    }

    private async Task RunAsync(LiveDisplayContext live, ScanTotals totals, Func<Task> work)
    {
        Task running = work();
        using var timer = new PeriodicTimer(Refresh, timeProvider);
        try
        {
            while (!running.IsCompleted)
            {
                live.UpdateTarget(Picture(totals.Summary));
                await Task.WhenAny(running, timer.WaitForNextTickAsync().AsTask());
            }
        }
        finally
        {
            // A picture that cannot be drawn is no reason to leave the work running behind the caller's back.
            await running;
        }
    }

    private Rows Picture(ScanSummary summary)
    {
        bool unicode = console.Profile.Capabilities.Unicode;
        int full = (int)(BarWidth * (summary.Fraction ?? 0));
        string bar = new string(unicode ? '━' : '#', full) + new string(unicode ? '─' : '.', BarWidth - full);
        List<IRenderable> rows = [new Text(bar, new Style(Color.Green)), new Text(ScanText.Progress(summary))];
        if (summary.Failed > 0) rows.Add(new Text($"{summary.Failed} failed", new Style(Color.Red)));
        return new Rows(rows);
    }
}
