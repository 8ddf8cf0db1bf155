using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Sheaf.Samples.FolderScan;

namespace Sheaf.Samples.Tests.FolderScan;

public sealed class FileScanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("one", 0, 1)]
    [InlineData("one two\nthree\n", 2, 3)]
    [InlineData("\n\n  \t\r\n", 3, 0)]
    [InlineData("中文　全角空格\n", 1, 2)]
    [InlineData("e\u0301 😀 \u2003x", 0, 3)]
    [InlineData("\uFEFF", 0, 0)]
    [InlineData("\uFEFFmarked text", 0, 2)]
    public async Task ScanAsync_Text_CountsAsWcDoes(string text, long lines, long words)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        string path = _folder.Write("a.txt", bytes);
        Assert.Equal(
            new FileReport(path, bytes.Length, lines, words, ContentKind.Utf8, Convert.ToHexStringLower(SHA256.HashData(bytes))),
            await FileScan.ScanAsync(path, Token));
        if (text.Length == 0 || text.StartsWith('\uFEFF')) return;

        foreach (Encoding encoding in new[] { Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            byte[] wide = [.. encoding.Preamble, .. encoding.GetBytes(text)];
            FileReport report = await ScanAsync(wide);
            Assert.Equal((ContentKind.Utf16, lines, words), (report.Kind, report.Lines, report.Words));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(wide)), report.Sha256);
        }
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public async Task ScanAsync_LargeText_AnyBlocks_SameCounts(string name)
    {
        var encoding = Encoding.GetEncoding(name);
        string text = string.Concat(Enumerable.Repeat("word 中文 😀 é\n", 40_000));
        byte[] bytes = [.. encoding.Preamble, .. encoding.GetBytes(text)];
        foreach (int block in new[] { 1_021, 4_096, 65_537, int.MaxValue })
        {
            FileReport report = await ScanAsync(bytes, block);
            Assert.Equal((bytes.LongLength, 40_000, 160_000), (report.Bytes, report.Lines, report.Words));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), report.Sha256);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8_191)]
    [InlineData(8_192)]
    [InlineData(131_071)]
    [InlineData(131_072)]
    [InlineData(300_000)]
    public async Task ScanAsync_InvalidUtf8_NamesTheOffset(int offset)
    {
        foreach (byte[] wrong in new byte[][] { [0xE9, 0x20], [0xFF], [0xC3], [0xE4, 0xB8], [0xED, 0xA0, 0x80], [0xC0, 0x80] })
        {
            byte[] bytes = [.. Enumerable.Repeat((byte)'x', offset), .. wrong];
            foreach (int block in new[] { 999, int.MaxValue })
            {
                InvalidDataException exception = await Assert.ThrowsAsync<InvalidDataException>(() => ScanAsync(bytes, block));
                Assert.Equal($"'a' is not valid UTF-8: the character at byte offset {offset} is malformed.", exception.Message);
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x61 }, 2)]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x61, 0x00, 0x00, 0xD8 }, 4)]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x00, 0xD8, 0x61, 0x00 }, 2)]
    [InlineData(new byte[] { 0xFE, 0xFF, 0xDC, 0x00 }, 2)]
    public async Task ScanAsync_InvalidUtf16_NamesTheOffset(byte[] bytes, int offset) =>
        Assert.Equal($"'a' is not valid UTF-16: the character at byte offset {offset} is malformed.",
            (await Assert.ThrowsAsync<InvalidDataException>(() => ScanAsync(bytes))).Message);

    [Fact]
    public async Task ScanAsync_Binary_IsHashedAndNotDecoded()
    {
        using var zipped = new MemoryStream();
        await using (var gzip = new GZipStream(zipped, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write("changelog"u8);
        byte[] late = [.. Enumerable.Repeat((byte)'x', FileScan.HeadLength - 1), 0, 0xFF, (byte)'\n'];
        foreach (byte[] bytes in new byte[][] { zipped.ToArray(), [0], late, [0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0], [0x1F, 0x8B], [.. "%PDF-1.7\n"u8, 0xE2] })
        {
            FileReport report = await ScanAsync(bytes);
            Assert.Equal((ContentKind.Binary, bytes.Length, 0, 0), (report.Kind, report.Bytes, report.Lines, report.Words));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), report.Sha256);
        }
    }

    [Fact]
    public async Task ScanAsync_NulBehindTheHead_IsText()
    {
        byte[] bytes = [.. Enumerable.Repeat((byte)'x', FileScan.HeadLength), 0];
        Assert.Equal(ContentKind.Utf8, (await ScanAsync(bytes)).Kind);
    }

    [Fact]
    public async Task ScanAsync_Unreadable_ThrowsWhatTheOpenerThrows() =>
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() =>
            FileScan.ScanAsync("a", path => throw new UnauthorizedAccessException($"Access to the path '{path}' is denied."), Token));

    [Fact]
    public async Task ScanAsync_Gone_FileNotFound() =>
        await Assert.ThrowsAsync<FileNotFoundException>(() => FileScan.ScanAsync(Path.Combine(_folder.Path, "none"), Token));

    [Fact]
    public async Task ScanAsync_ReadFails_IOException()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has a file that root may open, and nobody can read.");
        await Assert.ThrowsAnyAsync<IOException>(() => FileScan.ScanAsync("/proc/self/mem", Token));
    }

    [Fact]
    public async Task ScanAsync_Cancelled_Stops()
    {
        string path = _folder.Write("a.txt", "text");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FileScan.ScanAsync(path, new CancellationToken(canceled: true)));
        using var cancellation = new CancellationTokenSource();
        using var stream = new BlockStream(new byte[1_000_000], 10_000) { OnRead = count => { if (count == 5) cancellation.Cancel(); } };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FileScan.ScanAsync(stream, "a", cancellation.Token));
        Assert.InRange(stream.Position, 1, 60_000);
    }

    private static async Task<FileReport> ScanAsync(byte[] bytes, int block = int.MaxValue)
    {
        using var stream = new BlockStream(bytes, block);
        return await FileScan.ScanAsync(stream, "a", Token);
    }

    /// <summary>Gives at most so many bytes a read.</summary>
    private sealed class BlockStream(byte[] bytes, int block) : MemoryStream(bytes)
    {
        private int _reads;

        public Action<int> OnRead { get; init; } = _ => { };

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            OnRead(++_reads);
            return base.ReadAsync(buffer[..Math.Min(buffer.Length, block)], cancellationToken);
        }
    }
}
