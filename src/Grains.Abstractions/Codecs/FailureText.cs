using System.Runtime.Serialization;
using System.Text;

namespace Sheaf.Codecs;

/// <summary>Failures as JSON text on the wire (rule E5), bounded on both sides: what a peer sends may be anything.</summary>
internal static class FailureText
{
    /// <summary>
    /// The most characters of a text, and of all messages, stacks and data of the exceptions made of it: 32 Mi. A text states
    /// equal stacks once, each exception has its own.
    /// </summary>
    internal const int MaxCharacters = 32 * 1024 * 1024;

    /// <summary>The deepest nesting: origins are composed from the outermost group down, at a cost with the square of the depth.</summary>
    internal const int MaxDepth = 10_000;

    private static readonly Dictionary<string, string> NotWhole = new(StringComparer.Ordinal) { [SafeText.MoreEntries] = "<cut: too large to send whole>" };

    /// <summary>What a character may cost as JSON.</summary>
    private const int MaxBytesOfACharacter = 6;

    /// <summary>The text of a failure. One that is over the bounds says less.</summary>
    internal static string Write(Failure failure) =>
        TryWrite(failure) ?? Less(failure, mostLeaves: 1_000).Select(TryWrite).FirstOrDefault(text => text is not null) ?? FailureJsonWriter.Write(Alone(failure, Failure.MaxMessageLength), relaxed: true);

    /// <summary>
    /// A failure whose text has at most so many bytes: shortened as a whole first, as where it was captured, but to less. The same
    /// instance where it fits as it is.
    /// </summary>
    internal static Failure Fit(Failure failure, int maxBytes)
    {
        if (Fits(failure, maxBytes)) return failure;
        // Half of it, since its shape has to be said too.
        int characters = maxBytes / MaxBytesOfACharacter / 2;
        return Less(failure, mostLeaves: 100).Prepend(failure).Select(less => FailureBudget.Bound(less, characters)).FirstOrDefault(less => Fits(less, maxBytes)) ?? Alone(failure, characters / 4);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="SerializationException">It is over the bounds.</exception>
    /// <exception cref="System.Text.Json.JsonException">It is not a failure.</exception>
    internal static Failure Read(string? json)
    {
        if (json is null) throw new SerializationException("A failure arrived without its text.");
        if (json.Length > MaxCharacters) throw new SerializationException($"A failure of {json.Length} characters arrived; the limit is {MaxCharacters}.");
        Failure failure = Failure.FromJson(json);
        return IsWithinBounds(failure) ? failure : throw new SerializationException($"A failure arrived that is larger than {MaxCharacters} characters or deeper than {MaxDepth}.");
    }

    private static string? TryWrite(Failure failure)
    {
        if (!IsWithinBounds(failure)) return null;
        string json = FailureJsonWriter.Write(failure, relaxed: true);
        return json.Length <= MaxCharacters ? json : null;
    }

    /// <summary>Most are far below any limit: those need not be written to see that.</summary>
    private static bool Fits(Failure failure, int maxBytes) =>
        FailureWeight.Of(failure) <= maxBytes || Encoding.UTF8.GetByteCount(FailureJsonWriter.Write(failure, relaxed: true)) <= maxBytes;

    /// <summary>
    /// What says less than a group: it with fewer and fewer of its leaves in full (rule E7), and at last without its nesting, with
    /// nothing but the count of each type. Nothing where it is no group.
    /// </summary>
    private static IEnumerable<Failure> Less(Failure failure, int mostLeaves)
    {
        if (!failure.IsGroup || failure.ToException() is not ExceptionGroup group) yield break;
        for (int leaves = mostLeaves; leaves > 0; leaves /= 10) yield return Failure.From(FailureBounds.Bound(group, leaves));
        OmittedTally tally = new();
        foreach (Exception leaf in GroupTree.Leaves(group)) tally.Add(leaf);
        Children counted = new();
        tally.AddTo(counted);
        yield return Failure.From(new ExceptionGroup(group.Title, counted, cause: null)) with { TypeName = failure.TypeName, BaseTypeNames = failure.BaseTypeNames, Data = NotWhole };
    }

    /// <summary>A failure without what is inside.</summary>
    private static Failure Alone(Failure failure, int maxLength) => new()
    {
        TypeName = failure.TypeName,
        BaseTypeNames = failure.BaseTypeNames,
        Message = SafeText.Cut(failure.Message, maxLength),
        StackTrace = failure.StackTrace is { } stack ? SafeText.Cut(stack, maxLength) : null,
        Data = NotWhole,
    };

    private static bool IsWithinBounds(Failure root)
    {
        long characters = 0;
        Stack<(Failure Failure, int Depth)> open = new();
        open.Push((root, 0));
        while (open.TryPop(out var at))
        {
            characters += at.Failure.Message.Length + (at.Failure.StackTrace?.Length ?? 0L);
            foreach ((string key, string value) in at.Failure.Data) characters += key.Length + value.Length;
            if (characters > MaxCharacters || at.Depth > MaxDepth) return false;
            foreach (Failure inner in at.Failure.Inner) open.Push((inner, at.Depth + 1));
        }

        return true;
    }
}
