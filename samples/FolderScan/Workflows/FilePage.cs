namespace Sheaf.Samples.FolderScan.Workflows;

/// <summary>Which part of a folder to list.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="After">The last path of the page before; null for the first page.</param>
/// <param name="Take">How many paths at most.</param>
public sealed record FilePageRequest(string Folder, string? After, int Take);

/// <summary>A part of a folder, with all below it, in the ordinal order of paths.</summary>
/// <param name="Files">Files to scan.</param>
/// <param name="Failed">What should be scanned and cannot be: failures with the path as their origin.</param>
/// <param name="Skipped">What is left out.</param>
/// <param name="Next">Where the next page begins; null where this is the last.</param>
public sealed record FilePage(IReadOnlyList<string> Files, IReadOnlyList<Failure> Failed, IReadOnlyList<SkippedPath> Skipped, string? Next);
