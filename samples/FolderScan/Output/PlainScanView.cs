namespace Sheaf.Samples.FolderScan.Output;

/// <summary>Lines for a pipe or a log: where the scan stands, every so often, and its totals at the end.</summary>
public sealed class PlainScanView(TextWriter output, TimeSpan every, TimeProvider timeProvider) : IScanView
{
    /// <inheritdoc/>
    public async Task ShowAsync(ScanTotals totals, Func<Task> work)
    {
        try
        {
            using var timer = new PeriodicTimer(every, timeProvider);
            Task tick = timer.WaitForNextTickAsync().AsTask();
            Task running = work();
            try
            {
                while (await Task.WhenAny(running, tick) == tick)
                {
                    await output.WriteLineAsync(ScanText.Progress(totals.Summary));
                    tick = timer.WaitForNextTickAsync().AsTask();
                }
            }
            finally
            {
                // A line that cannot be written is no reason to leave the work running behind the caller's back.
                await running;
            }
        }
        finally
        {
            foreach (string line in ScanText.Totals(totals)) await output.WriteLineAsync(line);
            await output.FlushAsync();
        }
    }
}
