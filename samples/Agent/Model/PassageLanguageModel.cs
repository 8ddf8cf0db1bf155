using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Agent.Model;

/// <summary>
/// Stands in where no language model is configured, or the one that is has failed, and says so: it quotes what the tools found, in the
/// question's language.
/// </summary>
/// <param name="failedModel">The name of the model that has failed; null, the default, where none is configured.</param>
/// <param name="pieceDelay">How long it waits before each piece, so that one sees it stream; zero by default.</param>
/// <param name="timeProvider">Whose time that is; the system's by default.</param>
public sealed class PassageLanguageModel(
    string? failedModel = null, TimeSpan pieceDelay = default, TimeProvider? timeProvider = null) : ILanguageModel
{
    private const int PieceLength = 12;

    /// <inheritdoc/>
    public string Name => "none (passages only)";

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> AnswerAsync(ModelRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string answer = Write(request);
        for (int start = 0; start < answer.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (pieceDelay > TimeSpan.Zero) await Task.Delay(pieceDelay, timeProvider ?? TimeProvider.System, cancellationToken);
            // A piece ends between text elements: never inside an emoji or before an accent.
            int end = start;
            while (end < answer.Length && end - start < PieceLength) end += StringInfo.GetNextTextElementLength(answer, end);
            yield return answer[start..end];
            start = end;
        }
    }

    private string Write(ModelRequest request)
    {
        bool chinese = request.InChinese;
        var text = new StringBuilder();
        text.AppendLine((chinese, failedModel) switch
        {
            (true, null) => "（未配置语言模型：以下内容直接取自文档和计算器。）",
            (false, null) => "(No language model is configured: this is quoted from the documents and the calculator.)",
            (true, _) => $"（语言模型 {failedModel} 失败：以下内容直接取自文档和计算器。）",
            (false, _) => $"(The language model {failedModel} has failed: this is quoted from the documents and the calculator.)",
        });
        if (request.Calculation is { } calculation)
            text.AppendLine().AppendLine($"{calculation.Expression} = {calculation.Value.ToString(CultureInfo.InvariantCulture)}");
        foreach (Passage passage in request.Passages)
            text.AppendLine().AppendLine(chinese ? $"《{passage.Title}》（{passage.Document}）" : $"{passage.Title} ({passage.Document})")
                .AppendLine(WithoutHeading(passage.Snippet));
        if (request.Calculation is null && request.Passages.Count == 0)
            text.AppendLine().AppendLine(chinese ? "没有找到可以回答这个问题的内容。" : "Nothing was found that answers the question.");
        foreach (string missing in request.Missing)
            text.AppendLine().AppendLine(chinese ? $"缺少：{missing}" : $"Missing: {missing}");
        return text.ToString().TrimEnd().ReplaceLineEndings("\n");
    }

    private static string WithoutHeading(string snippet) =>
        snippet.StartsWith('#') && snippet.IndexOf('\n', StringComparison.Ordinal) is > 0 and int end ? snippet[(end + 1)..] : snippet;
}
