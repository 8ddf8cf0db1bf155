using Microsoft.Extensions.Time.Testing;
using Sheaf.Samples.Agent.Model;
using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Tests.Agent;

public sealed class PassageLanguageModelTests
{
    private static readonly Passage Weather = new("今天天气.md", "今天天气", "# 今天天气\n晴转多云 👩‍👩‍👧‍👦。", -1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnswerAsync_Chinese_QuotesAndSaysThatThereIsNoModel()
    {
        List<string> pieces = await new PassageLanguageModel()
            .AnswerAsync(new ModelRequest("今天天气", [Weather], new Calculation("1/4", 0.25m)) { InChinese = true, Missing = ["钟"] }, Token).ToListAsync(Token);

        Assert.Equal("（未配置语言模型：以下内容直接取自文档和计算器。）\n\n1/4 = 0.25\n\n《今天天气》（今天天气.md）\n晴转多云 👩‍👩‍👧‍👦。\n\n缺少：钟", string.Concat(pieces));
        Assert.True(pieces.Count > 4);
        Assert.Contains(pieces, piece => piece.Contains("👩‍👩‍👧‍👦", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnswerAsync_English_NothingFound_SaysSo()
    {
        string answer = string.Concat(await new PassageLanguageModel().AnswerAsync(new ModelRequest("what", [], null), Token).ToListAsync(Token));
        Assert.StartsWith("(No language model is configured", answer, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was found that answers the question.", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnswerAsync_Delay_IsTheTimeProviders()
    {
        var time = new FakeTimeProvider();
        IAsyncEnumerator<string> pieces = new PassageLanguageModel(pieceDelay: TimeSpan.FromSeconds(1), timeProvider: time).AnswerAsync(new ModelRequest("what", [], null), Token).GetAsyncEnumerator(Token);
        await using (pieces)
        {
            ValueTask<bool> next = pieces.MoveNextAsync();
            Assert.False(next.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(await next);
        }
    }

    [Fact]
    public async Task AnswerAsync_Cancelled_Throws() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await new PassageLanguageModel().AnswerAsync(new ModelRequest("what", [], null), new CancellationToken(canceled: true)).ToListAsync(Token));
}
