using System.Text.Json;
using System.Threading.Channels;
using Sheaf.Samples.FolderScan;
using Sheaf.Samples.FolderScan.Output;

namespace Sheaf.Samples.Tests.FolderScan;

public sealed class ScanProgramTests : IDisposable
{
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;

    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };
    private readonly MemoryStream _json = new();

    public void Dispose()
    {
        _folder.Dispose();
        _json.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    [Fact]
    public async Task Run_AllReadable_ExitsWith0AndTotals()
    {
        _folder.Write("a", "one two\n");
        _folder.Write("sub/b", "three");
        Assert.Equal(0, await RunAsync(_folder.Path));
        Assert.StartsWith("2 files (0 binary), 13 bytes, 1 lines, 3 words\n", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("failed", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    [Trait("Rule", "R15")]
    public async Task Run_UnreadableInvalidAndDangling_NamesExactlyTheseThreeAndCountsTheOthers()
    {
        FillWithThreeBadFiles();
        Assert.Equal(3, await RunAsync(_folder.Path, "--max-concurrency", "3"));

        string[] lines = _output.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal("20 files (0 binary), 40 bytes, 20 lines, 20 words", lines[0]);
        int tree = Array.IndexOf(lines, "3 failed") + 1;
        Assert.StartsWith("scan (3 failures: ", lines[tree], StringComparison.Ordinal);
        Assert.Equal(
            [
                $"{At("closed")}: System.UnauthorizedAccessException: Access to the path '{At("closed")}' is denied.",
                $"{At("dangling")}: System.IO.FileNotFoundException: The link '{At("dangling")}' leads to '{At("nowhere")}', which does not exist.",
                $"{At("latin")}: System.IO.InvalidDataException: '{At("latin")}' is not valid UTF-8: the character at byte offset 2 is malformed.",
            ],
            lines[(tree + 1)..].Select(line => line[3..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Run_Json_OneDocumentWithTheSameThree()
    {
        FillWithThreeBadFiles();
        Assert.Equal(3, await RunAsync(_folder.Path, "--json"));
        Assert.Equal("", _output.ToString());
        using JsonDocument document = JsonDocument.Parse(_json.ToArray());
        Assert.Equal(20, document.RootElement.GetProperty("files").GetInt32());
        Assert.Equal(
            [$"{At("closed")} System.UnauthorizedAccessException", $"{At("dangling")} System.IO.FileNotFoundException", $"{At("latin")} System.IO.InvalidDataException"],
            document.RootElement.GetProperty("failures").EnumerateArray().Select(failure => $"{failure.GetProperty("path")} {failure.GetProperty("type")}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData]
    [InlineData("a", "b")]
    [InlineData(".", "--max-concurrency", "0")]
    [InlineData(".", "--max-concurrency", "x")]
    [InlineData(".", "--max-concurrency")]
    [InlineData(".", "--no-such-option")]
    [InlineData("")]
    [InlineData("/no/such/folder")]
    [InlineData("@no-such-file")]
    public async Task Run_Misused_ExitsWith2AndSaysWhy(params string[] args)
    {
        Assert.Equal(2, await RunAsync(args));
        Assert.NotEqual("", _error.ToString());
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task Run_Help_ExitsWith0() => Assert.Equal(0, await RunAsync("--help"));

    [Fact]
    public async Task Run_MaxConcurrency_IsTheMostThatAreOpenAtOnce()
    {
        for (int i = 0; i < 30; i++) _folder.Write($"{i}", "x");
        var open = new Barrier();
        Task<int> run = RunAsync(open.Open, Token, _folder.Path, "--max-concurrency", "4");
        await open.WhenWaiting(4);
        open.Release();
        Assert.Equal(0, await run);
        Assert.Equal(4, open.Most);
    }

    [Fact]
    public async Task Run_Interrupted_EndsAtOnceWith130AndShowsWhatWasDone()
    {
        FillWithThreeBadFiles();
        _folder.Write("slow", "never read to its end");
        var open = new Barrier();
        using var interruption = new CancellationTokenSource();
        Task<int> run = RunAsync(path => path == At("slow") ? open.Open(path) : Open(path), interruption.Token, _folder.Path, "--max-concurrency", "1");
        await open.WhenWaiting(1);
        await interruption.CancelAsync();

        Assert.Equal(130, await run.WaitAsync(TimeSpan.FromMinutes(2), Token));
        Assert.Contains(" files (0 binary), ", _output.ToString(), StringComparison.Ordinal);
        // Being interrupted is no failure of any file.
        Assert.DoesNotContain("CanceledException", _output.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("Interrupted", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Process_ExitsWith3AndPrintsTheTree()
    {
        _folder.Write("good", "x");
        File.CreateSymbolicLink(At("dangling"), At("nowhere"));
        (int code, string output, string error) = await Processes.RunAsync("Sheaf.FolderScan.dll", _folder.Path);
        Assert.Equal((3, ""), (code, error));
        Assert.StartsWith("1 files (0 binary), 1 bytes, 0 lines, 1 words\n", output, StringComparison.Ordinal);
        Assert.Contains($"└─ {At("dangling")}: System.IO.FileNotFoundException: ", output, StringComparison.Ordinal);
    }

    private void FillWithThreeBadFiles()
    {
        for (int i = 0; i < 20; i++) _folder.Write($"sub{i % 3}/{i}", "x\n");
        _folder.Write("closed", "for nobody");
        _folder.Write("latin", [(byte)'o', (byte)'k', 0xFF]);
        File.CreateSymbolicLink(At("dangling"), At("nowhere"));
    }

    // For root there is no file that it may not read.
    private Stream Open(string path) =>
        path == At("closed") ? throw new UnauthorizedAccessException($"Access to the path '{path}' is denied.") : FileScan.Open(path);

    private string At(string name) => Path.Combine(_folder.Path, name);

    private Task<int> RunAsync(params string[] args) => RunAsync(Open, Token, args);

    private Task<int> RunAsync(Func<string, Stream> open, CancellationToken cancellationToken, params string[] args) => ScanProgram.RunAsync(
        args,
        new ScanSurroundings
        {
            Output = _output,
            Error = _error,
            Open = open,
            View = json => json ? new JsonScanView(_json) : new PlainScanView(_output, TimeSpan.FromHours(1), TimeProvider.System),
        },
        cancellationToken);

    /// <summary>Opens streams that have nothing to read until they are released.</summary>
    private sealed class Barrier
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Channel<int> _waiting = Channel.CreateUnbounded<int>();
        private int _open;
        private int _most;

        public int Most => _most;

        public Stream Open(string path) => new Gated(this);

        public void Release() => _released.SetResult();

        public async Task WhenWaiting(int count)
        {
            for (int i = 0; i < count; i++) await _waiting.Reader.ReadAsync(Token).AsTask().WaitAsync(TimeSpan.FromMinutes(2), Token);
        }

        private sealed class Gated : MemoryStream
        {
            private readonly Barrier _barrier;

            public Gated(Barrier barrier)
            {
                _barrier = barrier;
                int open = Interlocked.Increment(ref barrier._open);
                for (int most = barrier._most; open > most; most = barrier._most) Interlocked.CompareExchange(ref barrier._most, open, most);
            }

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                _barrier._waiting.Writer.TryWrite(0);
                await _barrier._released.Task.WaitAsync(cancellationToken);
                return 0;
            }

            protected override void Dispose(bool disposing)
            {
                if (disposing) Interlocked.Decrement(ref _barrier._open);
                base.Dispose(disposing);
            }
        }
    }
}
