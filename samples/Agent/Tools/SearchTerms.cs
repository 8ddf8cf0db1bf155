using System.Text;

namespace Sheaf.Samples.Agent.Tools;

/// <summary>What a search looks for: distinct terms, cleaned and apart by the way in which each can be found.</summary>
/// <param name="Long">Terms of three characters and more: a trigram index finds them.</param>
/// <param name="Short">Terms of one or two characters, which it cannot find.</param>
internal sealed record SearchTerms(IReadOnlyList<string> Long, IReadOnlyList<string> Short)
{
    /// <summary>More distinct terms than these are not looked for.</summary>
    public const int MaxTerms = 32;

    private const int MaxTermLength = 200;

    public IEnumerable<string> All => Long.Concat(Short);

    public static SearchTerms From(IEnumerable<string> terms)
    {
        ILookup<bool, string> byLength = terms.Select(Clean).Where(term => term.Length > 0)
            .Distinct(StringComparer.OrdinalIgnoreCase).Take(MaxTerms)
            .ToLookup(term => term.EnumerateRunes().Take(3).Count() == 3);
        return new SearchTerms([.. byLength[true]], [.. byLength[false]]);
    }

    /// <summary>
    /// The long terms in the syntax of FTS5. Every term is a quoted string with its quotes doubled, so that nothing in it is an
    /// operator, a column or a prefix query.
    /// </summary>
    public string ToMatchExpression() =>
        string.Join(" OR ", Long.Select(term => $"\"{term.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));

    /// <summary>
    /// How often <paramref name="term"/> occurs. A short term in Latin letters counts as a whole word only: "go" is not in "algorithm".
    /// </summary>
    public static int Count(string text, string term)
    {
        int count = 0;
        int at = -term.Length;
        while ((at = text.IndexOf(term, at + term.Length, StringComparison.OrdinalIgnoreCase)) >= 0)
            if (IsWhole(text, at, term.Length)) count++;
        return count;
    }

    private static bool IsWhole(string text, int at, int length) =>
        !IsWordCharacter(text[at]) || !IsWordCharacter(text[at + length - 1])
        || ((at == 0 || !IsWordCharacter(text[at - 1])) && (at + length == text.Length || !IsWordCharacter(text[at + length])));

    private static bool IsWordCharacter(char c) => char.IsAsciiLetterOrDigit(c);

    private static string Clean(string term)
    {
        // A NUL would end the text for SQLite, and half of a surrogate pair is no text at all.
        var clean = new StringBuilder();
        foreach (Rune rune in term.EnumerateRunes())
            if (!Rune.IsControl(rune) && clean.Length < MaxTermLength) clean.Append(rune.ToString());
        return clean.ToString().Trim();
    }
}
