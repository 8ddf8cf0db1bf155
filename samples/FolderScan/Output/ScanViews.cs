using Spectre.Console;

namespace Sheaf.Samples.FolderScan.Output;

/// <summary>Chooses a view for where the output goes.</summary>
public static class ScanViews
{
    /// <summary>JSON if it was asked for, a bar on a terminal that can redraw it, and a line every two seconds elsewhere.</summary>
    public static IScanView ForConsole(bool json, TimeProvider timeProvider) =>
        json ? new JsonScanView(Console.OpenStandardOutput())
        : !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Interactive: true, Ansi: true } ? new LiveScanView(AnsiConsole.Console, timeProvider)
        : new PlainScanView(Console.Out, TimeSpan.FromSeconds(2), timeProvider);
}
