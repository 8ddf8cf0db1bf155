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

    public T? Read<T>(JsonElement element) => element.Deserialize<T>(_options);

    /// <summary>What is known of a type: looked up once where there are many values of it.</summary>
    public static JsonTypeInfo<T> TypeInfo<T>(JsonSerializerOptions options)
    {
        options.MakeReadOnly(populateMissingResolver: true);
        return (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }

    /// <summary>What is known of lists of a type.</summary>
    /// <returns>
    /// Null where they need not be arrays of what each is alone: a source-generated context does not know them, a converter makes something
    /// else of them, or a contract says of either type, and so not of both, how numbers are written.
    /// </returns>
    /// <exception cref="InvalidOperationException">The type has no contract that makes sense: two properties of one name, for instance.</exception>
    public static JsonTypeInfo<List<T>>? ListInfo<T>(JsonSerializerOptions options)
    {
        options.MakeReadOnly(populateMissingResolver: true);
        return options.TryGetTypeInfo(typeof(List<T>), out JsonTypeInfo? list) && list is JsonTypeInfo<List<T>> { Kind: JsonTypeInfoKind.Enumerable, NumberHandling: null } known
            && TypeInfo<T>(options).NumberHandling is null ? known : null;
    }

    /// <summary>Reads the values of a JSON array.</summary>
    /// <exception cref="JsonException">One of them is not of the type.</exception>
    public void ReadEach<T>(RawJson array, List<T?> into)
    {
        if (TryReadAll<T>(array.Text) is { } all)
        {
            into.AddRange(all);
            return;
        }

        Utf8JsonReader reader = Reader(array.Text);
        JsonTypeInfo<T> type = TypeInfo<T>(_options);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) into.Add(JsonSerializer.Deserialize(ref reader, type));
    }

    /// <summary>Reads the values of a JSON array in one go, which costs less than each for itself.</summary>
    /// <returns>Null where each has to be read for itself: lists are not arrays, or one of the values is not of the type, and it is said which.</returns>
    public List<T?>? TryReadAll<T>(string array)
    {
        try
        {
            if (ListInfo<T?>(_options) is not { } list) return null;
            Utf8JsonReader reader = Reader(array);
            return JsonSerializer.Deserialize(ref reader, list);
        }
        catch (Exception)
        {
            // Whoever reads the one that is wrong throws it.
            return null;
        }
    }

    /// <summary>As deep as it is: see <see cref="AnyDepth"/>.</summary>
    private static Utf8JsonReader Reader(string json) => new(Encoding.UTF8.GetBytes(json), new JsonReaderOptions { MaxDepth = int.MaxValue });
}
