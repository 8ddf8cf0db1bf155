using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sheaf.Engine;

/// <summary>Values and inputs as JSON text (D10).</summary>
/// <param name="options">How they are written and read.</param>
/// <param name="maxBytes">The limit of each.</param>
/// <param name="types">The exception types that groups in them are made again with; null for the framework's only.</param>
internal sealed class Payloads(JsonSerializerOptions options, int maxBytes, FailureTypes? types = null)
{
    private readonly JsonSerializerOptions _options = types is null ? options : new(options) { Converters = { new ExceptionGroupJsonConverter(types) } };

    /// <summary>For JSON of several payloads, which is deeper than one: how deep each may be has been looked at when it was written.</summary>
    public static JsonDocumentOptions AnyDepth { get; } = new() { MaxDepth = int.MaxValue };

    public static Payloads Default { get; } = new(SheafOptions.DefaultSerializerOptions, SheafOptions.DefaultMaxPayloadBytes);

    /// <summary>Makes JSON text of a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <param name="of">Whose it is.</param>
    /// <exception cref="PayloadTooLargeException">The text is over the limit.</exception>
    public string? Write<T>(T value, string what, string of)
    {
        if (typeof(T) == typeof(Nothing)) return null;
        string json = JsonSerializer.Serialize(value, _options);
        // No character takes more than three bytes: most texts need no counting.
        if (json.Length > maxBytes / 3 && Encoding.UTF8.GetByteCount(json) is var bytes && bytes > maxBytes)
            throw TooLarge(bytes, maxBytes, what, of, place: -1);
        return json;
    }

    /// <summary>Writes many values, one after the other.</summary>
    public PayloadWriter OpenWriter() => new(_options, maxBytes);

    public static PayloadTooLargeException TooLarge(int bytes, int maxBytes, string what, string of, int place) =>
        new($"The {what} '{of}{(place < 0 ? "" : $"[{place}]")}' is {bytes} bytes of JSON; the limit is {maxBytes}. Pass a reference to where the data is, or raise SheafOptions.MaxPayloadBytes.");

    public T? Read<T>(string? json)
    {
        if (json is null || typeof(T) == typeof(Nothing)) return default;
        return typeof(T) == typeof(RawJson) ? (T)(object)new RawJson(json) : JsonSerializer.Deserialize<T>(json, _options);
    }

    public T? Read<T>(JsonInput input)
    {
        if (!input.IsElement || typeof(T) == typeof(Nothing) || typeof(T) == typeof(RawJson)) return Read<T>(input.Text);
        return input.Element.Deserialize<T>(_options);
    }

    /// <summary>What is known of a type: looked up once where there are many values of it.</summary>
    public static JsonTypeInfo<T> TypeInfo<T>(JsonSerializerOptions options)
    {
        options.MakeReadOnly(populateMissingResolver: true);
        return (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }

    /// <summary>Reads the values of a JSON array, each for itself: only their own type has to be known to a source-generated context.</summary>
    /// <exception cref="JsonException">One of them is not of the type.</exception>
    public void ReadEach<T>(RawJson array, List<T?> into)
    {
        // As deep as it is: see AnyDepth.
        Utf8JsonReader reader = new(Encoding.UTF8.GetBytes(array.Text), new JsonReaderOptions { MaxDepth = int.MaxValue });
        JsonTypeInfo<T> type = TypeInfo<T>(_options);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) into.Add(JsonSerializer.Deserialize(ref reader, type));
    }
}
