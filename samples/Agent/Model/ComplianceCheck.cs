using System.Runtime.CompilerServices;

namespace Sheaf.Samples.Agent.Model;

/// <summary>
/// Reads an answer while it grows, objects to forbidden terms, also where a term is spread over several pieces, and says what may be
/// shown. The end of what was read is held back, as long as the longest term but one character: a forbidden term may begin there, and
/// nobody is to see its beginning. Case does not matter. One check reads one answer, on one thread at a time.
/// </summary>
public sealed class ComplianceCheck
{
    private readonly string[] _rules;
    private readonly int _overlap;

    // What is held back.
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

    /// <summary>Reads the next piece, and returns what may be shown now that it is known; often nothing, never half a character.</summary>
    /// <exception cref="ComplianceException">A forbidden term ends in this piece. Of several, the one that begins first.</exception>
    public string Read(string piece)
    {
        string window = _tail + piece;
        (string Rule, int At)? first = null;
        foreach (string rule in _rules)
        {
            int at = window.IndexOf(rule, StringComparison.OrdinalIgnoreCase);
            if (at >= 0 && (first is null || at < first.Value.At)) first = (rule, at);
        }

        if (first is { } found) throw ComplianceException.For(found.Rule, _tailStart + found.At);

        int free = Math.Max(0, window.Length - _overlap);
        if (free > 0 && char.IsHighSurrogate(window[free - 1])) free--;
        _tail = window[free..];
        _tailStart += free;
        return window[..free];
    }

    /// <summary>What was held back, once the answer is complete and no term can go on.</summary>
    public string End()
    {
        string rest = _tail;
        _tail = "";
        _tailStart += rest.Length;
        return rest;
    }

    /// <summary>Passes on, in pieces of its own, what may be shown of <paramref name="pieces"/>; all of it unless it objects.</summary>
    public async IAsyncEnumerable<string> WatchAsync(
        IAsyncEnumerable<string> pieces, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (string piece in pieces.WithCancellation(cancellationToken))
        {
            string free = Read(piece);
            if (free.Length > 0) yield return free;
        }

        string rest = End();
        if (rest.Length > 0) yield return rest;
    }
}
