using System.Text.RegularExpressions;
using Sheaf.Samples.Agent.Tools;

namespace Sheaf.Samples.Agent.Questions;

/// <summary>One part of a question, between its commas and "and"s.</summary>
/// <param name="Expression">What is to be calculated, or null.</param>
/// <param name="IsSearch">Whether it says in so many words that something is to be searched for.</param>
/// <param name="SearchText">What it leaves to search for; may be empty.</param>
/// <param name="Rest">What follows a calculation and is a clause of its own, or null.</param>
internal sealed partial record Clause(string? Expression, bool IsSearch, string SearchText, string? Rest = null)
{
    // In milliseconds. No question of the allowed length needs more than a few; a hostile one ends here.
    private const int Patience = 1_000;

    public static IEnumerable<string> Split(string question) =>
        Boundaries().Split(question).Select(clause => clause.Trim()).Where(clause => clause.Length > 0);

    public static Clause Parse(string text)
    {
        text = Courtesy().Replace(text, "");
        Match calculate = CalculateVerb().Match(text);
        if (calculate.Success) return ParseCalculation(text[calculate.Length..]);

        Match search = SearchVerb().Match(text);
        if (search.Success) text = text[search.Length..];
        (string? expression, string others) = FindExpression(text);
        return new Clause(expression, search.Success, others);
    }

    private static Clause ParseCalculation(string text)
    {
        // "calculate 10/4 search for tea": the second verb starts a clause even without an "and".
        Match next = VerbInside().Match(text);
        string? rest = next.Success ? text[next.Index..].Trim() : null;
        if (next.Success) text = text[..next.Index];
        string expression = AfterCalculation().Replace(BeforeCalculation().Replace(text, ""), "").Trim();
        return new Clause(expression, IsSearch: false, SearchText: "", rest);
    }

    /// <summary>An expression among other words, and those words without it.</summary>
    private static (string? Expression, string Others) FindExpression(string text)
    {
        foreach (Match run in ExpressionRun().Matches(Fold(text)))
        {
            // Folded, one character stays one character: a position in the one is a position in the other.
            string expression = WithoutLooseParentheses(text.Substring(run.Index, run.Length).Trim());
            string others = $"{text[..run.Index]} {text[(run.Index + run.Length)..]}";
            if (Date().IsMatch(expression)) continue;
            // Among other words "3-5" is a range and "24/7" a habit; alone, or after a verb, they are sums.
            bool alone = TermSplitter.Split(others).Count == 0;
            bool plain = run.Value.AsSpan().ContainsAny('+', '*', '^');
            if (alone || plain || VerbBefore().IsMatch(text[..run.Index])) return (expression, others);
        }

        return (null, text);
    }

    // Commas stay so that 1,000 is one number, which the calculator refuses, and not two; letters, so that x86-64 is no sum.
    private static string Fold(string text) => string.Create(text.Length, text, static (folded, original) =>
    {
        for (int i = 0; i < folded.Length; i++)
            folded[i] = Calculator.Fold(original[i]) ?? (original[i] is ',' or '，' ? ',' : IsLatin(original[i]) ? 'a' : '#');
    });

    // Or Greek, or Cyrillic: of a script in which words have spaces around them.
    private static bool IsLatin(char c) => char.IsLetter(c) && c < '\u2E80';

    private static string WithoutLooseParentheses(string text)
    {
        while (text is [.., ')' or '）'] && text.Count(c => c is ')' or '）') > text.Count(c => c is '(' or '（')) text = text[..^1].TrimEnd();
        return text;
    }

    // "并" alone is part of words (合并, 并发); before a verb it joins two requests. A comma between digits belongs to a number.
    [GeneratedRegex(
        """
        并且|然后|接着|以及
        | (?:并|再|和|且) (?=\s*(?:请|帮我)?\s*(?:搜|查|找|检索|计算|算|告诉|解释|说明))
        | \b(?:and|then|also)\b
        | [,，](?!\p{Nd}) | (?<!\p{Nd})[,，]
        | [;；。！？、\n] | [!?.](?=\s|$)
        """,
        RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace, Patience)]
    private static partial Regex Boundaries();

    [GeneratedRegex(
        """
        ^(?:\s|请问|请|麻烦|帮我|帮忙|给我|我想|我要|想要|你能|能不能|可以|现在
        |(?:please|can\ you|could\ you|would\ you|i\ want\ to|i'd\ like\ to|help\ me|let's|now)\b)+
        """,
        RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace, Patience)]
    private static partial Regex Courtesy();

    // Not 计算机 (computer) or 算法 (algorithm), which begin alike.
    [GeneratedRegex(
        """
        ^(?:计算(?!机|器|图|中心|能力|资源|力|节点|模型)
        |算一下|算算|算出|算(?=\s*[\p{Nd}(（.+\-−])
        |(?:calculate|compute|evaluate|work\ out)\b)
        """,
        RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace, Patience)]
    private static partial Regex CalculateVerb();

    [GeneratedRegex(
        """
        ^(?:搜索|搜一下|搜|查找|查一查|查一下|查询|查|检索|寻找|找一下|找到|找|(?:search|look|query|find)(?:\s+(?:for|up|out))?\b)
        (?:一下)? (?:\s*(?:文档|资料|documents|the\ documents)(?:里|中)?(?:的|关于|for|about)?)?
        """,
        RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace, Patience)]
    private static partial Regex SearchVerb();

    [GeneratedRegex(
        @"\s(?=(?:搜索|搜一下|查找|查询|检索|search\s+for|search|look\s+up|find)(?![a-z]))", RegexOptions.IgnoreCase, Patience)]
    private static partial Regex VerbInside();

    [GeneratedRegex(@"(?:计算|算|calculate|compute|evaluate|what is|what's|how much is)(?:一下)?\s*$", RegexOptions.IgnoreCase, Patience)]
    private static partial Regex VerbBefore();

    [GeneratedRegex(@"^(?:\s|:|：|一下|出|the\b|value of\b|result of\b)+", RegexOptions.IgnoreCase, Patience)]
    private static partial Regex BeforeCalculation();

    [GeneratedRegex(@"(?:\s|[=＝?？!！。]|\.$|等于多少|等于几|等于|是多少|是几|的结果|的值|吧|please\b|for me\b)+$", RegexOptions.IgnoreCase, Patience)]
    private static partial Regex AfterCalculation();

    // Between values there is an operator; read on folded text.
    [GeneratedRegex(
        """
        (?<![a,.0-9]) [-+\ (]* (?:[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?|\.[0-9]+) [\ )]*
        (?:[-+*/%^] [-+\ (]* (?:[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?|\.[0-9]+) [\ )]*)+ (?!a)
        """,
        RegexOptions.IgnorePatternWhitespace, Patience)]
    private static partial Regex ExpressionRun();

    [GeneratedRegex(@"^\s*\d{4}(?<separator>[-/.])\d{1,2}\k<separator>\d{1,2}\s*$", RegexOptions.None, Patience)]
    private static partial Regex Date();
}
