using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Sheaf.Samples.FolderScan;
using Sheaf.Samples.FolderScan.Output;
using Spectre.Console;

namespace Sheaf.Samples.Tests.FolderScan;

public sealed class ScanViewTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Summary_RatesAndTimeLeft()
    {
        var totals = new ScanTotals(_time);
        Assert.Null(totals.Summary.Fraction);
        Assert.Equal(0, totals.Summary.BytesPerSecond);
        totals.Expect(4, 4 * 65_536);
        Assert.Null(totals.Summary.TimeLeft);
        _time.Advance(TimeSpan.FromSeconds(2));
        totals.Add(new FileReport("a", 65_536, 3, 5, ContentKind.Utf8, ""));

        ScanSummary summary = totals.Summary;
        Assert.Equal((0.5, 32_768.0, 0.25), (summary.FilesPerSecond, summary.BytesPerSecond, summary.Fraction!.Value));
        Assert.Equal(TimeSpan.FromSeconds(6), summary.TimeLeft);
    }

    [Fact]
    public void Summary_Extremes()
    {
        var totals = new ScanTotals(_time);
        totals.Expect(0, 0);
        Assert.Equal(1, totals.Summary.Fraction);
        totals.Add(new FileReport("grew", 10, 0, 0, ContentKind.Utf8, ""));
        Assert.Equal(1, totals.Summary.Fraction);
        totals.Expect(long.MaxValue, long.MaxValue);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Null(totals.Summary.TimeLeft);
    }

    [Fact]
    public void Totals_ManySkipped_AreCountedAndTheFirstKept()
    {
        var totals = new ScanTotals(_time);
        Parallel.For(0, ScanTotals.MaxKept + 5, i => totals.Add(new SkippedEntry($"{i}", "a FIFO")));
        Assert.Equal((ScanTotals.MaxKept + 5, ScanTotals.MaxKept), (totals.Summary.Skipped, totals.Skipped.Count));
        Assert.Contains("  … and 5 more", ScanText.Totals(totals));
    }

    [Fact]
    public async Task Totals_ManyFailures_AreAllNamed()
    {
        var totals = new ScanTotals(_time);
        totals.End(await FailuresOf(Enumerable.Range(0, 21).Select(i => $"/x/{i:00}"), new IOException("no file")));
        string[] lines = [.. ScanText.Totals(totals)];
        Assert.Equal("scan (21 failures: 21 IOException)", lines[^22]);
        Assert.Equal(Enumerable.Range(0, 21).Select(i => $"  /x/{i:00}: System.IO.IOException: no file"), lines[^21..]);
    }

    [Fact]
    public async Task Plain_LinesEverySoOften_AndTotals()
    {
        var output = new LineWriter();
        var totals = new ScanTotals(_time);
        var view = new PlainScanView(output, TimeSpan.FromSeconds(2), _time);
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task shown = view.ShowAsync(totals, () => end.Task);

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("counting: 0 files, 0.0 files/s, 0.0 MB/s", await output.NextAsync());
        await FillAsync(totals);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("75%: 2 of 4 files, 0.5 files/s, 0.0 MB/s, 1.3 s left", await output.NextAsync());
        end.SetResult();
        await shown;

        Assert.Equal(
            [
                "2 files (1 binary), 100 bytes, 3 lines, 5 words", "4.0 s, 0.5 files/s, 0.0 MB/s", "1 skipped", "  pipe: a FIFO", "1 failed",
                "scan (1 failure: FileNotFoundException)", "└─ /x/中文: System.IO.FileNotFoundException: no [1mfile",
            ],
            output.Rest());
    }

    [Fact]
    public async Task Json_OneDocument_AlsoWhenTheWorkThrows()
    {
        using var output = new MemoryStream();
        var totals = new ScanTotals(_time);
        _time.Advance(TimeSpan.FromSeconds(4));
        await FillAsync(totals);
        await Assert.ThrowsAsync<TimeoutException>(() => new JsonScanView(output).ShowAsync(totals, () => throw new TimeoutException()));

        string text = Encoding.UTF8.GetString(output.ToArray());
        Assert.Contains("/x/中文", text, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        Assert.Equal("/x/中文", root.GetProperty("failures")[0].GetProperty("path").GetString());
        Assert.Equal((2, 1, 100, 3, 5, 1, 1), (Number("files"), Number("binaryFiles"), Number("bytes"), Number("lines"), Number("words"), Number("failed"), Number("skipped")));
        Assert.Equal(4, root.GetProperty("seconds").GetDouble());
        Assert.Equal("System.IO.FileNotFoundException", root.GetProperty("failures")[0].GetProperty("type").GetString());
        Assert.Equal("a FIFO", root.GetProperty("skippedEntries")[0].GetProperty("reason").GetString());

        long Number(string name) => root.GetProperty(name).GetInt64();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Live_EndsWithTheTotals(bool ansi)
    {
        var output = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = ansi ? AnsiSupport.Yes : AnsiSupport.No,
            Interactive = ansi ? InteractionSupport.Yes : InteractionSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
        });
        var totals = new ScanTotals(_time);
        await new LiveScanView(console, _time).ShowAsync(totals, async () =>
        {
            await Task.Yield();
            await FillAsync(totals);
        });
        Assert.Contains("2 files (1 binary), 100 bytes, 3 lines, 5 words", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("pipe: a FIFO", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.04, "0.0 s")]
    [InlineData(59, "59 s")]
    [InlineData(61, "1 min 1 s")]
    [InlineData(90_000, "25 h 0 min")]
    public void Time_ForPeople(double seconds, string text) => Assert.Equal(text, ScanText.Time(TimeSpan.FromSeconds(seconds)));

    private static async Task FillAsync(ScanTotals totals)
    {
        totals.Expect(4, 100);
        totals.Add(new FileReport("a", 60, 3, 5, ContentKind.Utf8, ""));
        totals.Add(new FileReport("b", 40, 0, 0, ContentKind.Binary, ""));
        totals.AddFailed();
        totals.End(await FailuresOf(["/x/中文"], new FileNotFoundException("no \u001B[1mfile")));
        totals.Add(new SkippedEntry("pipe", "a FIFO"));
    }

    private static async Task<ExceptionGroup> FailuresOf(IEnumerable<string> paths, Exception error) =>
        await Assert.ThrowsAsync<ExceptionGroup>(() => TaskGroup.MapAsync(
            paths, (_, _) => throw (Exception)Activator.CreateInstance(error.GetType(), error.Message)!,
            new MapOptions<string> { Name = path => path, Group = new() { Name = "scan", Policy = GroupPolicy.CollectAll } }));

    /// <summary>Lets a test wait for each line.</summary>
    private sealed class LineWriter : TextWriter
    {
        private readonly System.Threading.Channels.Channel<string> _lines = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public override Encoding Encoding => Encoding.UTF8;

        public override Task WriteLineAsync(string? value) => _lines.Writer.WriteAsync(value!).AsTask();

        public Task<string> NextAsync() =>
            _lines.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        public IEnumerable<string> Rest()
        {
            while (_lines.Reader.TryRead(out string? line)) yield return line;
        }
    }
}
