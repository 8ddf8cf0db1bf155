using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Sheaf.Engine;

/// <summary>Entries as JSON text, the journal's format.</summary>
internal static class EntryCodec
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new ChildIdConverter(), new JsonStringEnumConverter<OutcomeKind>(), new JsonStringEnumConverter<ChildKind>(), new JsonStringEnumConverter<TimerKind>(), new JsonStringEnumConverter<CancelSource>(), new JsonStringEnumConverter<GroupPolicy>() },
    };

    public static byte[] Encode(IReadOnlyList<JournalEntry> entries) => JsonSerializer.SerializeToUtf8Bytes(entries, Options);

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="JsonException">The text is not of this format.</exception>
    public static IReadOnlyList<JournalEntry> Decode(ReadOnlySpan<byte> body) =>
        JsonSerializer.Deserialize<List<JournalEntry>>(body, Options) is { } entries && !entries.Contains(null!)
            ? entries
            : throw new JsonException("A journal commit's body, or an entry in it, is null.");

    /// <summary>Says what is wrong with a body that <see cref="Decode"/> cannot read.</summary>
    /// <param name="body">The commit's body.</param>
    /// <param name="firstSequence">The number of its first entry.</param>
    /// <param name="error">What reading it threw.</param>
    /// <returns>Which entry it is, and why it cannot be read.</returns>
    public static string Explain(ReadOnlyMemory<byte> body, long firstSequence, Exception error)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Array) return $"the commit that begins with entry {firstSequence} is {document.RootElement.ValueKind}, not an array of entries";
            long number = firstSequence;
            foreach (JsonElement entry in document.RootElement.EnumerateArray())
            {
                if (Explain(entry) is { } reason) return $"entry {number} {reason}";
                number++;
            }
        }
        catch (JsonException notJson)
        {
            return $"the commit that begins with entry {firstSequence} is not JSON: {notJson.Message}";
        }

        return $"the commit that begins with entry {firstSequence} cannot be read: {error.Message}";
    }

    private static string? Explain(JsonElement entry)
    {
        try
        {
            return entry.Deserialize<JournalEntry>(Options) is null ? "is null" : null;
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            bool hasKind = entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("$", out JsonElement kind) && kind.ValueKind == JsonValueKind.String;
            return hasKind
                ? $"is of the kind '{entry.GetProperty("$").GetString()}', which this version does not know, or not so: {error.Message}"
                : $"has no kind: {error.Message}";
        }
    }

    /// <summary>Whether an exception of <see cref="Decode"/> says that the text is not of this format.</summary>
    public static bool IsUnreadable(Exception error) => error is JsonException or NotSupportedException or InvalidOperationException or ArgumentException;

    private sealed class ChildIdConverter : JsonConverter<ChildId>
    {
        public override ChildId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            string text = reader.GetString() ?? "";
            int dot = text.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0
                || !int.TryParse(text.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out int scope)
                || !int.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal))
            {
                throw new JsonException($"'{text}' is not a child's id. One is like '2.5': scope and ordinal.");
            }

            return new ChildId(scope, ordinal);
        }

        public override void Write(Utf8JsonWriter writer, ChildId value, JsonSerializerOptions options)
        {
            // As its ToString, without the string: every entry of a child has its id.
            Span<byte> text = stackalloc byte[2 * 11 + 1];
            Utf8.TryWrite(text, CultureInfo.InvariantCulture, $"{value.Scope}.{value.Ordinal}", out int length);
            writer.WriteStringValue(text[..length]);
        }
    }
}
