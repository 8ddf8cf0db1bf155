using System.Runtime.Serialization;

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

    /// <summary>
    /// The text of a failure. A group that is over the bounds holds fewer of its leaves in full and counts the others (rule E7);
    /// what is over them even so goes without what is inside.
    /// </summary>
    internal static string Write(Failure failure)
    {
        if (TryWrite(failure) is { } whole) return whole;
        if (failure.IsGroup && failure.ToException() is ExceptionGroup group)
        {
            for (int leaves = 1_000; leaves > 0; leaves /= 10)
            {
                if (TryWrite(Failure.From(FailureBounds.Bound(group, leaves))) is { } less) return less;
            }
        }

        return new Failure
        {
            TypeName = failure.TypeName,
            BaseTypeNames = failure.BaseTypeNames,
            Message = SafeText.Cut(failure.Message, Failure.MaxMessageLength),
            StackTrace = failure.StackTrace is { } stack ? SafeText.Cut(stack, Failure.MaxStackTraceLength) : null,
            Data = new Dictionary<string, string>(StringComparer.Ordinal) { ["…"] = "<cut: too large to send whole>" },
        }.ToJson();
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
        string json = failure.ToJson();
        return json.Length <= MaxCharacters ? json : null;
    }

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
