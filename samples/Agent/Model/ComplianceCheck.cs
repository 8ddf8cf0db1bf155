using System.Runtime.CompilerServices;

namespace Sheaf.Samples.Agent.Model;

/// <summary>
/// Reads an answer while it grows and objects to forbidden terms, also where a term is spread over several pieces. Case does not
/// matter. Keeps no more of the answer than the longest term is long. One check reads one answer, on one thread at a time.
/// </summary>
public sealed class ComplianceCheck
{
    private readonly string[] _rules;
    private readonly int _overlap;

    // The end of what was read: a term that began there may go on in the next piece.
    private string _tail = "";

    // Where the tail begins in the answer.
    private long _tailStart;

    /// <summary>A check for <see cref="DefaultRules"/>.</summary>
    public ComplianceCheck() : this(DefaultRules) { }

    /// <summary>A check for <paramref name="rules"/>: terms that an answer must not contain. Blank ones forbid nothing.</summary>
    public ComplianceCheck(IEnumerable<string> rules)
    {
        _rules = [.. rules.Where(rule => !string.IsNullOrWhiteSpace(rule)).Distinct(StringComparer.OrdinalIgnoreCase)];
        _overlap = _rules.Select(rule => rule.Length - 1).DefaultIfEmpty(0).Max();
    }

    /// <summary>What is forbidden unless told otherwise.</summary>
    public static IReadOnlyList<string> DefaultRules { get; } = ["密码", "口令", "password:", "BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE KEY"];

    /// <summary>Reads the next piece.</summary>
    /// <exception cref="ComplianceException">A forbidden term ends in this piece. Of several, the one that begins first.</exception>
    public void Read(string piece)
    {
        string window = _tail + piece;
        (string Rule, int At)? first = null;
        foreach (string rule in _rules)
        {
            int at = window.IndexOf(rule, StringComparison.OrdinalIgnoreCase);
            if (at >= 0 && (first is null || at < first.Value.At)) first = (rule, at);
        }

        if (first is { } found) throw ComplianceException.For(found.Rule, _tailStart + found.At);

        int drop = Math.Max(0, window.Length - _overlap);
        _tail = window[drop..];
        _tailStart += drop;
    }

    /// <summary>Passes pieces on that were read without objection; a piece in which a forbidden term ends is not passed on.</summary>
    public async IAsyncEnumerable<string> WatchAsync(
        IAsyncEnumerable<string> pieces, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (string piece in pieces.WithCancellation(cancellationToken))
        {
            Read(piece);
            yield return piece;
        }
    }
}
