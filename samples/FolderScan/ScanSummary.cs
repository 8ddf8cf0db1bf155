namespace Sheaf.Samples.FolderScan;

/// <summary>What a scan amounts to, so far or at its end. Immutable.</summary>
public sealed record ScanSummary
{
    /// <summary>Files scanned to their end.</summary>
    public long Files { get; init; }

    /// <summary>Of these, the binary ones.</summary>
    public long BinaryFiles { get; init; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>The lines of those that are text.</summary>
    public long Lines { get; init; }

    /// <summary>The words of those that are text.</summary>
    public long Words { get; init; }

    /// <summary>Files and folders that could not be scanned or listed.</summary>
    public long Failed { get; init; }

    /// <summary>What was left out on purpose.</summary>
    public long Skipped { get; init; }

    /// <summary>How long it has taken.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>How many files there are to scan, or null while they are being counted.</summary>
    public long? ExpectedFiles { get; init; }

    /// <summary>How many bytes they have, or null while they are being counted.</summary>
    public long? ExpectedBytes { get; init; }

    /// <summary>Files a second.</summary>
    public double FilesPerSecond => PerSecond(Files);

    /// <summary>Bytes a second.</summary>
    public double BytesPerSecond => PerSecond(Bytes);

    /// <summary>
    /// How much is done, from 0 to 1, or null while that is unknown. To open a file counts as much as to read 64 KiB, so that neither many
    /// small files nor a single large one make it stand still.
    /// </summary>
    public double? Fraction
    {
        get
        {
            if (ExpectedFiles is not { } files || ExpectedBytes is not { } bytes) return null;
            double all = Work(files, bytes);
            return all == 0 ? 1 : Math.Min(1, Work(Files + Failed, Bytes) / all);
        }
    }

    /// <summary>How long the rest will take at the pace so far, or null while that is unknown.</summary>
    public TimeSpan? TimeLeft
    {
        get
        {
            if (Fraction is not { } fraction || fraction == 0) return null;
            double seconds = Elapsed.TotalSeconds * (1 - fraction) / fraction;
            // Of a first file out of billions one can say nothing yet; and so long a time would not fit.
            return seconds < 1e9 ? TimeSpan.FromSeconds(seconds) : null;
        }
    }

    /// <summary>The sum of two scans' counts; time and expectations are this one's.</summary>
    public ScanSummary Plus(ScanSummary other) => this with
    {
        Files = Files + other.Files,
        BinaryFiles = BinaryFiles + other.BinaryFiles,
        Bytes = Bytes + other.Bytes,
        Lines = Lines + other.Lines,
        Words = Words + other.Words,
        Failed = Failed + other.Failed,
        Skipped = Skipped + other.Skipped,
    };

    private static double Work(long files, long bytes) => bytes + (files * 65_536.0);

    private double PerSecond(long count) => Elapsed > TimeSpan.Zero ? count / Elapsed.TotalSeconds : 0;
}
