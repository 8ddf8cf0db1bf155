namespace Sheaf.Samples.FolderScan;

/// <summary>Finds the files under a folder, one at a time, as they are asked for.</summary>
/// <remarks>
/// Memory grows with the folders that are still to be listed, never with the files. The order is the file system's. Links to files are
/// followed, links to folders are not, so that no circle is walked. What cannot be listed or is no file becomes an entry that says so,
/// and the walk goes on.
/// </remarks>
public static class FolderWalk
{
    /// <summary>Everything under <paramref name="root"/>; a file given as root is an entry of its own.</summary>
    /// <param name="root">A folder, or a link to one, or a file.</param>
    /// <param name="list">
    /// Lists a folder; the file system by default. It is a parameter so that a test can have a folder that nobody may list: for root
    /// there is none.
    /// </param>
    /// <exception cref="DirectoryNotFoundException">There is nothing at <paramref name="root"/>.</exception>
    public static IEnumerable<WalkEntry> Enumerate(string root, Func<DirectoryInfo, IEnumerable<FileSystemInfo>>? list = null)
    {
        root = Path.GetFullPath(root);
        if (File.Exists(root)) return [Classify(new FileInfo(root))];
        if (!Directory.Exists(root)) throw new DirectoryNotFoundException($"There is no folder '{root}'.");
        return Walk(root, list ?? (static directory => directory.EnumerateFileSystemInfos()));
    }

    private static IEnumerable<WalkEntry> Walk(string root, Func<DirectoryInfo, IEnumerable<FileSystemInfo>> list)
    {
        var pending = new Stack<DirectoryInfo>([new DirectoryInfo(root)]);
        while (pending.TryPop(out DirectoryInfo? directory))
        {
            using Listing listing = new(directory, list);
            while (listing.MoveNext())
            {
                if (listing.Current is DirectoryInfo { LinkTarget: null } folder)
                {
                    pending.Push(folder);
                }
                else
                {
                    yield return Classify(listing.Current);
                }
            }

            if (listing.Error is { } error) yield return new FailedEntry(directory.FullName, error);
        }
    }

    private static WalkEntry Classify(FileSystemInfo entry)
    {
        try
        {
            // A link's own length is that of the target's name.
            FileSystemInfo target = entry.LinkTarget is null ? entry : entry.ResolveLinkTarget(returnFinalTarget: true)!;
            if (!target.Exists) return new FailedEntry(entry.FullName, Missing(entry, target));

            return FileTypes.Of(entry.FullName) switch
            {
                FileType.Fifo => new SkippedEntry(entry.FullName, "a FIFO"),
                FileType.Socket => new SkippedEntry(entry.FullName, "a socket"),
                FileType.CharacterDevice or FileType.BlockDevice => new SkippedEntry(entry.FullName, "a device"),
                FileType.Directory => new SkippedEntry(entry.FullName, "a link to a folder"),
                FileType.Unknown when target is DirectoryInfo => new SkippedEntry(entry.FullName, "a link to a folder"),
                _ => new FileEntry(entry.FullName, new FileInfo(target.FullName).Length),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new FailedEntry(entry.FullName, exception);
        }
    }

    private static FileNotFoundException Missing(FileSystemInfo entry, FileSystemInfo target) => new(
        entry != target ? $"The link '{entry.FullName}' leads to '{target.FullName}', which does not exist."
        : entry.Name.Contains('\uFFFD', StringComparison.Ordinal) ? $"'{entry.FullName}' cannot be opened: its name is not valid UTF-8."
        : $"'{entry.FullName}' vanished while its folder was listed.",
        entry.FullName);

    /// <summary>A folder's entries up to the first that cannot be had, and then the reason.</summary>
    private sealed class Listing(DirectoryInfo directory, Func<DirectoryInfo, IEnumerable<FileSystemInfo>> list) : IDisposable
    {
        private IEnumerator<FileSystemInfo>? _entries;

        public FileSystemInfo Current => _entries!.Current;

        public Exception? Error { get; private set; }

        public bool MoveNext()
        {
            try
            {
                _entries ??= list(directory).GetEnumerator();
                return _entries.MoveNext();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Error = exception;
                return false;
            }
        }

        public void Dispose() => _entries?.Dispose();
    }
}
