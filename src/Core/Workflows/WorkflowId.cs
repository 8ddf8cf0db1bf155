using System.Text.Json.Serialization;

using Sheaf.Hosting;

namespace Sheaf;

/// <summary>A workflow's id: chosen by who starts it, and the key of starting only once.</summary>
[JsonConverter(typeof(WorkflowIdJsonConverter))]
public readonly record struct WorkflowId
{
    /// <summary>The longest id that a client may give.</summary>
    public const int MaxLength = 200;

    // What workflows make for those inside them is longer by the place of each: some hundred deep from the longest id. In three bytes a
    // character it is still a key for PostgreSQL's index, which takes 2,704.
    internal const int MaxMadeLength = 600;

    private readonly string? _value;

    /// <summary>Makes an id of a text.</summary>
    /// <param name="value">
    /// The text: 1 to <see cref="MaxLength"/> characters, none of them a control character. The ids that workflows make for those inside
    /// them (<c>order-42/1.0</c>) may have 600.
    /// </param>
    /// <exception cref="ArgumentException">The text is empty, too long or has control characters.</exception>
    public WorkflowId(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        if (value.Length > MaxLength && (value.Length > MaxMadeLength || !ReservedIds.IsMade(value)))
            throw new ArgumentException($"A workflow id of {value.Length} characters is too long: at most {MaxLength}, and {MaxMadeLength} for those that workflows make for others inside them.", nameof(value));
        if (HasLoneSurrogate(value))
            throw new ArgumentException($"The workflow id '{value}' has half a surrogate pair. Was it cut in the middle of a character?", nameof(value));
        if (HasControl(value))
            throw new ArgumentException($"The workflow id '{value}' has control characters. Use printable ones.", nameof(value));
        _value = value;
    }

    /// <summary>The text.</summary>
    /// <exception cref="InvalidOperationException">This is <c>default</c>, not an id.</exception>
    public string Value => _value ?? throw new InvalidOperationException("A default WorkflowId is no id. Make one of a text.");

    /// <summary>Makes an id of a text.</summary>
    /// <param name="value">As for the constructor.</param>
    public static implicit operator WorkflowId(string value) => new(value);

    /// <summary>Makes an id of a text.</summary>
    /// <param name="value">As for the constructor.</param>
    public static WorkflowId FromString(string value) => new(value);

    /// <summary>The text.</summary>
    public override string ToString() => _value ?? "(none)";

    // Ids come with every message: no enumerator, and no character as an object.
    private static bool HasControl(string value)
    {
        foreach (char character in value)
        {
            if (char.IsControl(character)) return true;
        }

        return false;
    }

    private static bool HasLoneSurrogate(string value)
    {
        for (int i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i])) continue;
            if (!char.IsSurrogatePair(value, i)) return true;
            i++;
        }

        return false;
    }
}
