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
        JsonSerializer.Deserialize<List<JournalEntry>>(body, Options) ?? throw new JsonException("A journal commit's body is null.");

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
