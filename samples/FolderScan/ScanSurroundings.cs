using Sheaf.Samples.FolderScan.Output;

namespace Sheaf.Samples.FolderScan;

/// <summary>What the program takes from around it: the process's own by default, a test's in a test.</summary>
public sealed record ScanSurroundings
{
    /// <summary>Where help goes. The scan itself is shown by <see cref="View"/>.</summary>
    public TextWriter Output { get; init; } = Console.Out;

    /// <summary>Where errors of usage go.</summary>
    public TextWriter Error { get; init; } = Console.Error;

    /// <summary>Makes the view; it is given whether JSON was asked for.</summary>
    public Func<bool, IScanView> View { get; init; } = json => ScanViews.ForConsole(json, TimeProvider.System);

    /// <summary>Opens a file.</summary>
    public Func<string, Stream> Open { get; init; } = FileScan.Open;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
