namespace Sheaf.Samples.FolderScan;

/// <summary>Something a walk came across: <see cref="FileEntry"/>, <see cref="FailedEntry"/> or <see cref="SkippedEntry"/>.</summary>
public abstract record WalkEntry
{
    private protected WalkEntry(string path) => Path = path;

    /// <summary>Where it is.</summary>
    public string Path { get; }
}

/// <summary>A regular file, or a link to one.</summary>
public sealed record FileEntry : WalkEntry
{
    public FileEntry(string path, long bytes) : base(path) => Bytes = bytes;

    /// <summary>Its length when the walk passed by; it may have changed since.</summary>
    public long Bytes { get; }
}

/// <summary>What should be scanned, but cannot be.</summary>
public sealed record FailedEntry : WalkEntry
{
    public FailedEntry(string path, Exception error) : base(path) => Error = error;

    /// <summary>
    /// Why: <see cref="FileNotFoundException"/> for a link that leads nowhere, <see cref="UnauthorizedAccessException"/> for a folder that
    /// may not be listed, another <see cref="IOException"/> for the rest.
    /// </summary>
    public Exception Error { get; }
}

/// <summary>What is left out on purpose.</summary>
public sealed record SkippedEntry : WalkEntry
{
    public SkippedEntry(string path, string reason) : base(path) => Reason = reason;

    /// <summary>Why, in words that complete "skipped, because it is …".</summary>
    public string Reason { get; }
}
