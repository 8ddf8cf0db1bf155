namespace Sheaf.Samples.FolderScan.Workflows;

/// <summary>What to scan.</summary>
/// <param name="Folder">The folder, or one file, as an absolute path on the disk of the silo that reads it.</param>
/// <param name="FilesPerChild">How many files a child scans.</param>
public sealed record FolderToScan(string Folder, int FilesPerChild = 100);
