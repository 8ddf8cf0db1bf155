using System.Text;

namespace Sheaf.Samples.Agent.Tools;

/// <summary>Finds the documents under a folder and cuts them into paragraphs.</summary>
internal static class DocumentReader
{
    /// <summary>The largest document that is read, in bytes.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// The .txt and .md files under <paramref name="folder"/>, in ordinal order. A subfolder that cannot be listed goes to
    /// <paramref name="errors"/>; links to folders are not followed, so that no circle of them is walked.
    /// </summary>
    public static List<string> Find(string folder, List<(string Path, Exception Error)> errors)
    {
        var found = new List<string>();
        var pending = new Stack<DirectoryInfo>([new DirectoryInfo(folder)]);
        while (pending.TryPop(out DirectoryInfo? directory))
        {
            try
            {
                foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos())
                {
                    if (entry is not DirectoryInfo subfolder)
                    {
                        if (entry.Extension.ToUpperInvariant() is ".TXT" or ".MD") found.Add(entry.FullName);
                    }
                    else if (subfolder.LinkTarget is null)
                    {
                        pending.Push(subfolder);
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                errors.Add((directory.FullName, exception));
            }
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    /// <summary>The document's title and paragraphs.</summary>
    /// <exception cref="InvalidDataException">The document is no UTF-8 (the message has the byte's offset), or too large.</exception>
    public static async Task<(string Title, List<string> Paragraphs)> ReadAsync(string path, CancellationToken cancellationToken)
    {
        // A FIFO, socket or device has no length either, and to open one may mean to wait for ever: what is empty is not opened.
        if (IsEmpty(path)) return (Path.GetFileNameWithoutExtension(path), []);
        string text;
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        await using (file)
        {
            if (file.Length > MaxBytes)
                throw new InvalidDataException($"'{path}' has {file.Length} bytes; a document may have {MaxBytes}.");
            byte[] bytes = new byte[file.Length];
            int count = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            text = Decode(path, bytes.AsSpan(0, count));
        }

        List<string> paragraphs = Paragraphs(text);
        string title = paragraphs is [var first, ..] ? FirstLine(first) : Path.GetFileNameWithoutExtension(path);
        return (title, paragraphs);
    }

    private static bool IsEmpty(string path)
    {
        FileSystemInfo entry = new FileInfo(path);
        // A link's own length is that of the target's name.
        if (entry.LinkTarget is not null) entry = entry.ResolveLinkTarget(returnFinalTarget: true)!;
        return entry is FileInfo { Exists: true, Length: 0 };
    }

    private static string Decode(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(Utf8Bom)) bytes = bytes[Utf8Bom.Length..];
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException($"'{path}' is not valid UTF-8: the byte at offset {exception.Index} is wrong.", exception);
        }
    }

    private static ReadOnlySpan<byte> Utf8Bom => [0xEF, 0xBB, 0xBF];

    private static List<string> Paragraphs(string text)
    {
        var paragraphs = new List<string>();
        var lines = new List<string>();
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (!line.IsWhiteSpace())
            {
                lines.Add(line.Trim().ToString());
            }
            else
            {
                Flush(atEnd: false);
            }
        }

        Flush(atEnd: true);
        return paragraphs;

        // A heading stays with the paragraph below it: alone it would be a passage that answers nothing.
        void Flush(bool atEnd)
        {
            if (lines.Count == 0 || (!atEnd && lines is [var only] && only.StartsWith('#'))) return;
            paragraphs.Add(string.Join('\n', lines));
            lines.Clear();
        }
    }

    private static string FirstLine(string paragraph) => paragraph.Split('\n', 2)[0].TrimStart('#', ' ');
}
