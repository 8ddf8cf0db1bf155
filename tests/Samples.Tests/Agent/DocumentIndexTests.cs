using System.Diagnostics;
using System.Text;
using Sheaf.Samples.Agent.Questions;
using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Tests.Agent;

public sealed class DocumentIndexTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task SearchAsync_Term_BestPassageFirst()
    {
        _folder.Write("one.md", "# One\n\nheartbeat once, and many other words that are about something else entirely");
        _folder.Write("two.txt", "Two\n\nheartbeat, heartbeat, heartbeat");
        _folder.Write("three.md", "nothing of the kind");
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);

        IReadOnlyList<Passage> found = await index.SearchAsync(["heartbeat"], cancellationToken: Token);

        Assert.Equal(3, index.Documents);
        Assert.Equal(["two.txt", "one.md"], found.Select(passage => passage.Document));
        Assert.Equal(["Two", "One"], found.Select(passage => passage.Title));
        Assert.True(found[0].Rank < found[1].Rank);
    }

    [Theory]
    [InlineData("HEARTBEAT", "en.md")]
    [InlineData("天气", "zh.md")]
    [InlineData("茶", "zh.md")]
    [InlineData("最高气温", "zh.md")]
    [InlineData("go", "en.md")]
    [InlineData("50%", "en.md")]
    [InlineData("a_", "en.md")]
    [InlineData("say \"hi\"", "en.md")]
    [InlineData("NEAR(", "en.md")]
    [InlineData("title:x", "en.md")]
    [InlineData("C#", "en.md")]
    [InlineData("café", "en.md")]
    [InlineData("😀", "zh.md")]
    public async Task SearchAsync_AnyText_IsTextAndNoSyntax(string term, string document)
    {
        _folder.Write("en.md", "A heartbeat. Do not go. Sale: 50% off a_ b. They say \"hi\" and NEAR( and title:x * in C# at the café.");
        _folder.Write("zh.md", "今天的天气：最高气温二十度。喝茶 😀。");
        _folder.Write("other.md", "algorithm, ax, 505");
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);

        Assert.Equal(document, Assert.Single(await index.SearchAsync([term], cancellationToken: Token)).Document);
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("\" OR body:\"x")]
    [InlineData("* AND -")]
    [InlineData("';DROP TABLE passages;--")]
    [InlineData("\0\0\0abc\0")]
    [InlineData("\uD83D")]
    [InlineData("%")]
    [InlineData("\\")]
    public async Task SearchAsync_Syntax_FindsNothing(string term)
    {
        _folder.Write("a.md", "plain words");
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);
        await Assert.ThrowsAsync<SearchException>(() => index.SearchAsync([term], cancellationToken: Token));
        Assert.Single(await index.SearchAsync(["plain"], cancellationToken: Token));
    }

    [Fact]
    public async Task SearchAsync_ShortAndLongTerms_RanksAddUp()
    {
        _folder.Write("a.md", "crash of a silo");
        _folder.Write("b.md", "crash of db 7");
        _folder.Write("c.md", "none of either");
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);

        IReadOnlyList<Passage> found = await index.SearchAsync(["crash", "db"], cancellationToken: Token);
        Assert.Equal(["b.md", "a.md"], found.Select(passage => passage.Document));
    }

    [Fact]
    public async Task SearchAsync_NothingFound_SaysWhatAndWhere()
    {
        _folder.Write("a.md", "plain words");
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);
        SearchException exception = await Assert.ThrowsAsync<SearchException>(() => index.SearchAsync(["任务组", "xy"], cancellationToken: Token));
        Assert.Equal($"Nothing was found for '任务组', 'xy' in 1 documents under '{_folder.Path}'.", exception.Message);
    }

    [Fact]
    public async Task SearchAsync_NoTerms_SearchException()
    {
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);
        Assert.Contains("no terms", (await Assert.ThrowsAsync<SearchException>(() => index.SearchAsync([], cancellationToken: Token))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SearchException>(() => index.SearchAsync([" ", "\0"], cancellationToken: Token));
        await Assert.ThrowsAsync<SearchException>(() => index.SearchAsync(["x"], cancellationToken: Token));
    }

    [Fact]
    public async Task SearchAsync_ManyLongTerms_NoError()
    {
        _folder.Write("a.md", "word0");
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);
        string[] terms = [.. Enumerable.Range(0, 2_000).Select(i => $"word{i}{new string('x', i == 0 ? 0 : 5_000)}")];
        Assert.Single(await index.SearchAsync(terms, cancellationToken: Token));
    }

    [Fact]
    public async Task SearchAsync_Cancelled_Throws()
    {
        _folder.Write("a.md", "plain words");
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => index.SearchAsync(["plain"], cancellationToken: new CancellationToken(canceled: true)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DocumentIndex.BuildAsync(_folder.Path, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task SearchAsync_Concurrent_AllAnswered()
    {
        _folder.Write("a.md", "plain words");
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);
        IReadOnlyList<Passage>[] all = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => index.SearchAsync(["plain", "wo"], cancellationToken: Token)));
        Assert.All(all, found => Assert.Single(found));
    }

    [Fact]
    public async Task SearchAsync_LongParagraph_SnippetAroundTheTerm()
    {
        _folder.Write("a.md", $"{string.Concat(Enumerable.Repeat("😀", 500))} needle {new string('y', 1000)}");
        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);
        string snippet = (await index.SearchAsync(["needle"], cancellationToken: Token))[0].Snippet;
        Assert.Contains("needle", snippet, StringComparison.Ordinal);
        Assert.InRange(snippet.Length, 200, 242);
        Assert.StartsWith("…", snippet, StringComparison.Ordinal);
        Assert.Equal(snippet, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(snippet)));
    }

    [Fact]
    public async Task BuildAsync_BadDocuments_AreNamedAndTheOthersIndexed()
    {
        _folder.Write("good.md", "plain words");
        _folder.Write("sub/deep.TXT", "plain words, too");
        _folder.Write("ignored.pdf", "plain words");
        _folder.Write("empty.md", "");
        _folder.Write("bom.md", "\uFEFF# Marked\n\nplain");
        string latin = _folder.Write("latin.txt", [0x63, 0x61, 0x66, 0xE9, 0x20]);
        string gone = Path.Combine(_folder.Path, "gone.md");
        File.CreateSymbolicLink(gone, Path.Combine(_folder.Path, "nowhere"));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "circle"), _folder.Path);

        await using DocumentIndex index = await DocumentIndex.BuildAsync(_folder.Path, Token);

        Assert.Equal(4, index.Documents);
        Assert.Equal([gone, latin], index.Errors.Select(error => error.Path).Order(StringComparer.Ordinal));
        Exception invalid = index.Errors.Single(error => error.Path == latin).Error;
        Assert.Contains("latin.txt", Assert.IsType<InvalidDataException>(invalid).Message, StringComparison.Ordinal);
        Assert.Contains("offset 3", invalid.Message, StringComparison.Ordinal);
        Assert.Contains("gone.md", Assert.IsType<FileNotFoundException>(index.Errors.Single(error => error.Path == gone).Error).Message, StringComparison.Ordinal);
        IReadOnlyList<Passage> found = await index.SearchAsync(["plain"], cancellationToken: Token);
        Assert.Equal(["bom.md", "good.md", "sub/deep.TXT"], found.Select(passage => passage.Document).Order(StringComparer.Ordinal));
        Assert.Equal("Marked", found.Single(passage => passage.Document == "bom.md").Title);
    }

    [Fact]
    public async Task BuildAsync_FifoAndDevice_AreNotWaitedFor()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mkfifo and /dev/zero are not everywhere.");
        using (var mkfifo = Process.Start("mkfifo", [Path.Combine(_folder.Path, "pipe.md")])) await mkfifo.WaitForExitAsync(Token);
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "to-pipe.md"), "pipe.md");
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "zero.txt"), "/dev/zero");
        _folder.Write("good.md", "plain words");

        // On a thread of its own: opening a FIFO blocks the caller, and would block the test.
        await using DocumentIndex index = await Task.Run(() => DocumentIndex.BuildAsync(_folder.Path, Token), Token)
            .WaitAsync(TimeSpan.FromMinutes(2), Token);
        Assert.Empty(index.Errors);
        Assert.Single(await index.SearchAsync(["plain"], cancellationToken: Token));
    }

    [Fact]
    public async Task BuildAsync_NoFolder_DirectoryNotFound() =>
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => DocumentIndex.BuildAsync(Path.Combine(_folder.Path, "none"), Token));

    [Theory]
    [InlineData("今天的天气怎么样", "今天天气.md")]
    [InlineData("什么是任务组？", "任务组.md")]
    [InlineData("崩溃之后如何恢复", "崩溃恢复.md")]
    [InlineData("绿茶用多少度的水", "泡茶.md")]
    [InlineData("心跳超时取多少", "心跳.txt")]
    [InlineData("夏令时有什么问题", "时区.md")]
    [InlineData("how is the weather today", "weather-notes.md")]
    [InlineData("search for crash recovery", "crash-recovery.md")]
    [InlineData("what is a heartbeat timeout", "heartbeats.md")]
    [InlineData("Orleans silo membership", "orleans-silos.txt")]
    [InlineData("what does a task group do with failures", "task-groups.md")]
    [InlineData("release checklist", "release-checklist.md")]
    public async Task DefaultFolder_Question_FindsItsDocument(string question, string document)
    {
        await using DocumentIndex index = await DocumentIndex.BuildAsync(DocumentIndex.DefaultFolder, Token);
        Assert.Empty(index.Errors);
        Assert.Equal(12, index.Documents);
        Assert.Equal(document, (await index.SearchAsync(QuestionPlan.From(question).SearchTerms, cancellationToken: Token))[0].Document);
    }
}
