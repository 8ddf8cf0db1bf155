namespace Sheaf.Samples.FolderScan.Workflows;

/// <summary>Lists a page of a folder on the disk of the silo that runs it.</summary>
/// <remarks>
/// Each page walks the whole folder and keeps the paths after the last one: no walk has to be remembered between deliveries, and what
/// is made or deleted meanwhile moves no page.
/// </remarks>
[Worker("list-files/v1")]
public sealed class ListFiles : Worker<FilePageRequest, FilePage>
{
    // A reversed order, so that the queue's head is the path to drop.
    private static readonly Comparer<string> LastFirst = Comparer<string>.Create((a, b) => string.CompareOrdinal(b, a));

    /// <inheritdoc/>
    public override Task<FilePage> RunAsync(FilePageRequest input, WorkerContext context, CancellationToken cancellationToken) =>
        Task.Run(() => List(input, cancellationToken), cancellationToken);

    private static FilePage List(FilePageRequest request, CancellationToken cancellationToken)
    {
        var page = new PriorityQueue<WalkEntry, string>(LastFirst);
        bool more = false;
        foreach (WalkEntry entry in FolderWalk.Enumerate(request.Folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (request.After is { } after && string.CompareOrdinal(entry.Path, after) <= 0) continue;
            page.Enqueue(entry, entry.Path);
            if (page.Count <= request.Take) continue;
            page.Dequeue();
            more = true;
        }

        WalkEntry[] entries = [.. page.UnorderedItems.Select(item => item.Element).OrderBy(entry => entry.Path, StringComparer.Ordinal)];
        return new FilePage(
            [.. entries.OfType<FileEntry>().Select(file => file.Path)],
            [.. entries.OfType<FailedEntry>().Select(failed => Failure.From(failed.Error).At(failed.Path))],
            [.. entries.OfType<SkippedEntry>().Select(skipped => new SkippedPath(skipped.Path, skipped.Reason))],
            more ? entries[^1].Path : null);
    }
}
