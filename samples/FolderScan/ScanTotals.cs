namespace Sheaf.Samples.FolderScan;

/// <summary>Adds up what a scan finds. Safe for any number of threads.</summary>
public sealed class ScanTotals
{
    /// <summary>More skipped entries than these are counted but not kept.</summary>
    public const int MaxKept = 1_000;

    private readonly Lock _lock = new();
    private readonly TimeProvider _timeProvider;
    private readonly long _started;
    private readonly List<SkippedEntry> _skipped = [];
    private ScanSummary _summary = new();
    private ExceptionGroup? _failures;

    /// <summary>Totals of a scan that begins now.</summary>
    public ScanTotals(TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _started = timeProvider.GetTimestamp();
    }

    /// <summary>The totals now.</summary>
    public ScanSummary Summary
    {
        get
        {
            lock (_lock) return _summary with { Elapsed = _timeProvider.GetElapsedTime(_started) };
        }
    }

    /// <summary>What could not be scanned, and why; null while the scan goes on, and where nothing has failed.</summary>
    public ExceptionGroup? Failures
    {
        get
        {
            lock (_lock) return _failures;
        }
    }

    /// <summary>The first <see cref="MaxKept"/> skipped entries, in the order in which they were added.</summary>
    public IReadOnlyList<SkippedEntry> Skipped
    {
        get
        {
            lock (_lock) return [.. _skipped];
        }
    }

    /// <summary>Says how much there is to scan, as soon as it has been counted.</summary>
    public void Expect(long files, long bytes)
    {
        lock (_lock) _summary = _summary with { ExpectedFiles = files, ExpectedBytes = bytes };
    }

    /// <summary>Adds what another scan found, in this process or another.</summary>
    /// <param name="found">Its counts.</param>
    /// <param name="skipped">What it left out; counted in <paramref name="found"/>.</param>
    public void Add(ScanSummary found, IEnumerable<SkippedEntry> skipped)
    {
        lock (_lock)
        {
            _summary = _summary.Plus(found);
            _skipped.AddRange(skipped.Take(MaxKept - _skipped.Count));
        }
    }

    /// <summary>Adds a file.</summary>
    public void Add(FileReport report)
    {
        lock (_lock)
        {
            _summary = _summary with
            {
                Files = _summary.Files + 1,
                BinaryFiles = _summary.BinaryFiles + (report.Kind == ContentKind.Binary ? 1 : 0),
                Bytes = _summary.Bytes + report.Bytes,
                Lines = _summary.Lines + report.Lines,
                Words = _summary.Words + report.Words,
            };
        }
    }

    /// <summary>Counts what could not be scanned, as it fails.</summary>
    public void AddFailed()
    {
        lock (_lock) _summary = _summary with { Failed = _summary.Failed + 1 };
    }

    /// <summary>Says what has failed, once all has ended.</summary>
    public void End(ExceptionGroup failures)
    {
        lock (_lock) _failures = failures;
    }

    /// <summary>Adds what was left out.</summary>
    public void Add(SkippedEntry skipped)
    {
        lock (_lock)
        {
            _summary = _summary with { Skipped = _summary.Skipped + 1 };
            if (_skipped.Count < MaxKept) _skipped.Add(skipped);
        }
    }
}
