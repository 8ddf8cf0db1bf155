using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sheaf.Samples.FolderScan.Output;

/// <summary>One JSON document in UTF-8 for programs, written when the scan has ended, however it ended.</summary>
/// <remarks>
/// <c>files, binaryFiles, bytes, lines, words, seconds, filesPerSecond, bytesPerSecond, failed, skipped, failures[path, type, message],
/// skippedEntries[path, reason]</c>. The first list has at most <see cref="FolderScanner.MaxFailures"/> entries and a few more that
/// only count, without a path; the second at most <see cref="ScanTotals.MaxKept"/>. The counts are whole.
/// </remarks>
public sealed class JsonScanView(Stream output) : IScanView
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        // The default encoder escapes everything but ASCII, for the sake of HTML; this document never becomes part of a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <inheritdoc/>
    public async Task ShowAsync(ScanTotals totals, Func<Task> work)
    {
        try
        {
            await work();
        }
        finally
        {
            await JsonSerializer.SerializeAsync(output, Document(totals), Options);
            await output.WriteAsync("\n"u8.ToArray());
            await output.FlushAsync();
        }
    }

    private static object Document(ScanTotals totals)
    {
        ScanSummary summary = totals.Summary;
        return new
        {
            summary.Files,
            summary.BinaryFiles,
            summary.Bytes,
            summary.Lines,
            summary.Words,
            Seconds = summary.Elapsed.TotalSeconds,
            summary.FilesPerSecond,
            summary.BytesPerSecond,
            summary.Failed,
            summary.Skipped,
            Failures = (totals.Failures?.Leaves ?? []).Select(leaf => new
            {
                Path = ScanText.PathOf(leaf),
                Type = leaf.Exception.GetType().FullName,
                leaf.Exception.Message,
            }),
            SkippedEntries = totals.Skipped.Select(skipped => new { skipped.Path, skipped.Reason }),
        };
    }
}
