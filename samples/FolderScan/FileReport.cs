namespace Sheaf.Samples.FolderScan;

/// <summary>What a scan found in one file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">Its length, as read.</param>
/// <param name="Lines">Its line feeds, as <c>wc -l</c> counts; 0 for a binary file.</param>
/// <param name="Words">What is between white space, as <c>wc -w</c> counts; 0 for a binary file.</param>
/// <param name="Kind">What it was read as.</param>
/// <param name="Sha256">The SHA-256 of its bytes, in lower-case hexadecimal digits.</param>
public sealed record FileReport(string Path, long Bytes, long Lines, long Words, ContentKind Kind, string Sha256);

/// <summary>What a file was read as.</summary>
public enum ContentKind
{
    /// <summary>UTF-8, with or without a byte order mark; an empty file, too.</summary>
    Utf8,

    /// <summary>UTF-16 with a byte order mark.</summary>
    Utf16,

    /// <summary>No text: a NUL among the first 8 KiB, or the first bytes of a known compressed format.</summary>
    Binary,
}
