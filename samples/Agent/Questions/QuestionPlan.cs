namespace Sheaf.Samples.Agent.Questions;

/// <summary>
/// Which tools a question asks for. Made by rules, not by a language model, so that the same question always asks the same tools.
/// </summary>
/// <param name="Question">The question, without spaces around it.</param>
/// <param name="AsksSearch">Whether the documents are searched: always, unless the question is a calculation and nothing else.</param>
/// <param name="SearchTerms">What the search looks for. Empty where a search was asked for, but for nothing: that search fails.</param>
/// <param name="Expression">
/// What the calculator gets, or null where nothing is calculated. After a verb such as "calculate" it is whatever follows, expression
/// or not: what a user asked to calculate fails loudly instead of being searched for in silence.
/// </param>
public sealed record QuestionPlan(string Question, bool AsksSearch, IReadOnlyList<string> SearchTerms, string? Expression)
{
    /// <summary>The longest question, in characters.</summary>
    public const int MaxLength = 4_000;

    /// <summary>More distinct search terms than these are dropped, the last ones first.</summary>
    public const int MaxTerms = 16;

    /// <summary>Whether the calculator is asked.</summary>
    public bool AsksCalculator => Expression is not null;

    /// <summary>Whether the question is in Chinese; so is then the answer.</summary>
    public bool IsChinese => Question.AsSpan().IndexOfAnyInRange('\u3400', '\u9FFF') >= 0;

    /// <summary>The plan for <paramref name="question"/>, in Chinese or English. Pure.</summary>
    /// <exception cref="ArgumentException">The question is blank or longer than <see cref="MaxLength"/>.</exception>
    public static QuestionPlan From(string question)
    {
        ArgumentNullException.ThrowIfNull(question);
        question = question.Trim();
        if (question.Length == 0) throw new ArgumentException("The question is empty.", nameof(question));
        if (question.Length > MaxLength)
            throw new ArgumentException($"The question has {question.Length} characters; at most {MaxLength} are read.", nameof(question));

        bool searchAsked = false;
        var terms = new List<string>();
        string? expression = null;
        var clauses = new Queue<string>(Clause.Split(question));
        while (clauses.TryDequeue(out string? text))
        {
            Clause clause = Clause.Parse(text);
            searchAsked |= clause.IsSearch;
            terms.AddRange(TermSplitter.Split(clause.SearchText));
            if (clause.Rest is not null) clauses.Enqueue(clause.Rest);
            // One calculation an answer: a second one must not vanish, so it joins the first, where it fails as bad syntax.
            if (clause.Expression is not null) expression = expression is null ? clause.Expression : $"{expression}; {clause.Expression}";
        }

        bool search = searchAsked || terms.Count > 0 || expression is null;
        return new QuestionPlan(question, search, [.. terms.Distinct(StringComparer.OrdinalIgnoreCase).Take(MaxTerms)], expression);
    }
}
