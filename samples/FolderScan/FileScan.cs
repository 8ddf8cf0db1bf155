using System.Buffers;
using System.Security.Cryptography;

namespace Sheaf.Samples.FolderScan;

/// <summary>
/// Reads a file once, from front to back, in bounded memory: its SHA-256, and, if it is text, its lines and words. Text is UTF-8, or
/// UTF-16 with a byte order mark.
/// </summary>
public static class FileScan
{
    /// <summary>How many bytes decide whether a file is binary.</summary>
    internal const int HeadLength = 8 * 1024;

    private const int BufferLength = 128 * 1024;

    /// <summary>Scans the file at <paramref name="path"/>.</summary>
    /// <param name="path">A regular file. Others (a FIFO, a device) may never end: <see cref="FolderWalk"/> leaves them out.</param>
    /// <param name="cancellationToken">Stops the scan between two blocks.</param>
    /// <exception cref="InvalidDataException">The text is not what its encoding allows; the message has path and byte offset.</exception>
    /// <exception cref="IOException">The file is gone, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static Task<FileReport> ScanAsync(string path, CancellationToken cancellationToken = default) =>
        ScanAsync(path, Open, cancellationToken);

    /// <summary>
    /// Scans what <paramref name="open"/> opens for <paramref name="path"/>. So a test can have a file that nobody may read: for root there
    /// is none.
    /// </summary>
    /// <inheritdoc cref="ScanAsync(string, CancellationToken)" path="/exception"/>
    public static async Task<FileReport> ScanAsync(string path, Func<string, Stream> open, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Stream stream = open(path);
        await using (stream) return await ScanAsync(stream, path, cancellationToken);
    }

    /// <summary>Scans <paramref name="stream"/> from where it is to its end, under the name <paramref name="path"/>.</summary>
    /// <inheritdoc cref="ScanAsync(string, CancellationToken)" path="/exception"/>
    public static async Task<FileReport> ScanAsync(Stream stream, string path, CancellationToken cancellationToken = default)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            int count = await stream.ReadAtLeastAsync(buffer, HeadLength, throwOnEndOfStream: false, cancellationToken);
            var content = Content.Of(buffer.AsSpan(0, Math.Min(count, HeadLength)));
            long bytes = 0;
            // What a block leaves undecoded, the first bytes of a character, is moved to the front of the next one.
            int kept = 0;
            while (count > 0)
            {
                hash.AppendData(buffer, kept, count);
                bytes += count;
                int length = kept + count;
                int read = Read(content, buffer.AsSpan(0, length), bytes - length, path, atEnd: false);
                kept = length - read;
                buffer.AsSpan(read, kept).CopyTo(buffer);
                count = await stream.ReadAsync(buffer.AsMemory(kept), cancellationToken);
            }

            Read(content, buffer.AsSpan(0, kept), bytes - kept, path, atEnd: true);
            string sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
            return new FileReport(path, bytes, content.Lines, content.Words, content.Kind, sha256);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Opens a file for one pass. Others may write, rename and delete it meanwhile.</summary>
    public static Stream Open(string path) =>
        new FileStream(path, new FileStreamOptions
        {
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            Options = FileOptions.SequentialScan | FileOptions.Asynchronous,
        });

    private static int Read(Content content, ReadOnlySpan<byte> block, long offset, string path, bool atEnd)
    {
        int read = content.Read(block, atEnd, out bool valid);
        if (valid) return read;
        string encoding = content.Kind == ContentKind.Utf8 ? "UTF-8" : "UTF-16";
        throw new InvalidDataException($"'{path}' is not valid {encoding}: the character at byte offset {offset + read} is malformed.");
    }
}
