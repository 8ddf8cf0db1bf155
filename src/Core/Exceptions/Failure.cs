using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>One error, or one group of errors, as data (rule E5): portable between processes, without the thrower's assembly.</summary>
/// <remarks>
/// Two failures are equal when all that they say is. Immutable, and therefore safe for use by several threads, provided that the
/// collections it is given are not changed afterwards; they are not copied.
/// </remarks>
[JsonConverter(typeof(FailureJsonConverter))]
public sealed record Failure
{
    /// <summary>The most characters of a message that are kept: 32 Ki (UTF-16). A longer one ends in a mark that says so.</summary>
    public const int MaxMessageLength = 32 * 1024;

    /// <summary>The most characters of a stack trace that are kept: 64 Ki (UTF-16). A longer one ends in a mark that says so.</summary>
    public const int MaxStackTraceLength = 64 * 1024;

    /// <summary>
    /// The most characters of a value in <see cref="Data"/> that are kept: 8 Ki (UTF-16). A longer one ends in a mark that says so.
    /// </summary>
    public const int MaxDataValueLength = 8 * 1024;

    /// <summary>
    /// The most characters of a key in <see cref="Data"/> that are kept: 256 (UTF-16). A longer one ends in a mark that says so.
    /// </summary>
    public const int MaxDataKeyLength = 256;

    /// <summary>The most entries of <see cref="Data"/> that are kept: 64. If there were more, an entry <c>…</c> says how many.</summary>
    public const int MaxDataEntries = 64;

    /// <summary>
    /// The most exceptions of a chain of inner exceptions that are kept below its first: 32. The last one's message says that the
    /// chain was cut. Groups inside groups are not counted: they are kept at any depth.
    /// </summary>
    public const int MaxInnerDepth = 32;

    /// <summary>
    /// The most characters that a failure says with all that is inside it: 768 Ki (UTF-16), stack traces that are equal counted once.
    /// Of one that says more, messages, stack traces and data are shortened, in that order of importance, and end in a mark that says so;
    /// no type and no count is lost. A single exception at all the bounds above is within it. Most texts being ASCII, it keeps what goes
    /// over a network below 1 MB.
    /// </summary>
    public const int MaxCharacters = 768 * 1024;

    /// <summary>The full name of the exception's type.</summary>
    public required string TypeName { get; init; }

    /// <summary>The full names of its base types, the nearest first, without <see cref="object"/>.</summary>
    public IReadOnlyList<string> BaseTypeNames { get; init; } = [];

    /// <summary>The exception's message; of a group the message as it was given, without the counts.</summary>
    public string Message { get; init; } = "";

    /// <summary>The stack trace as text; <see langword="null"/> where it was never thrown.</summary>
    public string? StackTrace { get; init; }

    /// <summary>The exception's own data, keys and values as text.</summary>
    public IReadOnlyDictionary<string, string> Data { get; init; } = SafeText.EmptyData;

    /// <summary>Of a group its children; of anything else its inner exception, if any.</summary>
    public IReadOnlyList<Failure> Inner { get; init; } = [];

    /// <summary>Where it came from, relative to the group that holds it; empty outside groups.</summary>
    public IReadOnlyList<FailureOrigin> Origins { get; init; } = [];

    /// <summary>Whether it is a group.</summary>
    public bool IsGroup { get; init; }

    /// <summary>How many failures of this type it stands for, where they are counted but not held (rule E7); else 0.</summary>
    public int OmittedCount { get; init; }

    /// <summary>Of a group: what cancelled the task group, if anything.</summary>
    public CancellationCause? Cause { get; init; }

    /// <summary>
    /// Reads an exception with everything inside it. It reads even those whose members throw, and says in the text what was thrown;
    /// the exception is not changed.
    /// </summary>
    /// <param name="exception">The exception. A <see cref="RemoteException"/> gives the failure that it was made from.</param>
    public static Failure From(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return FailureBudget.Bound(FailureCapture.Capture(exception));
    }

    /// <summary>
    /// A fresh exception of the original type if that is known, else a <see cref="RemoteException"/> (rule E6); groups become
    /// <see cref="ExceptionGroup"/>, with nesting, origins and causes. Message and data are the original's, and its stack trace begins
    /// with the original's.
    /// </summary>
    /// <param name="types">The types that may be constructed; null for well-known types of the framework only.</param>
    public Exception ToException(FailureTypes? types = null) => FailureRestore.Restore(this, types ?? FailureTypes.WellKnown);

    /// <summary>As JSON: one object with a format version, tables of stack traces and types, and a flat table of failures.</summary>
    public string ToJson() => FailureJsonWriter.Write(this);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">The JSON text.</param>
    /// <exception cref="JsonException">
    /// It is not JSON, not a failure, or of an unknown version; the message says what is missing or wrong.
    /// </exception>
    public static Failure FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        using JsonDocument document = JsonDocument.Parse(json);
        return FailureJsonReader.Read(document.RootElement);
    }

    /// <summary>Whether both say the same, all that is inside them included.</summary>
    /// <param name="other">The failure to compare with.</param>
    public bool Equals(Failure? other) => FailureEquality.Same(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(TypeName, Message, StackTrace, Inner.Count, Origins.Count, IsGroup, OmittedCount);

    /// <summary>The type and the first line of the message.</summary>
    public override string ToString() => $"{TypeName}: {SafeText.FirstLine(Message, max: 200)}";
}
