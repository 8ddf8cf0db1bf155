using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sheaf.Engine;

/// <summary>Writes many values as JSON text, one after the other, without an object for each.</summary>
/// <param name="options">How; the text is that of <see cref="Payloads.Write"/>.</param>
/// <param name="maxBytes">The limit of each.</param>
/// <remarks>Not thread-safe.</remarks>
internal sealed class PayloadWriter(JsonSerializerOptions options, int maxBytes) : IDisposable
{
    // The serializer's own, where the options have none; the writer's would be another.
    private const int DefaultMaxDepth = 64;

    private readonly ArrayBufferWriter<byte> _bytes = new(256);
    private readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions
    {
        // As the serializer has them where it writes a text.
        Encoder = options.Encoder,
        Indented = options.WriteIndented,
        IndentCharacter = options.IndentCharacter,
        IndentSize = options.IndentSize,
        NewLine = options.NewLine,
        MaxDepth = options.MaxDepth == 0 ? DefaultMaxDepth : options.MaxDepth,
        SkipValidation = true,
    });
    private JsonTypeInfo? _type;
    private JsonTypeInfo? _list;
    private bool _isOneByOne = options.WriteIndented || options.ReferenceHandler is not null;
    private char[] _text = new char[256];

    /// <summary>Makes JSON text of a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <param name="of">Whose it is.</param>
    /// <param name="place">Its place among them.</param>
    /// <returns>The text, until the next call.</returns>
    /// <exception cref="PayloadTooLargeException">The text is over the limit.</exception>
    public ReadOnlySpan<char> Write<T>(T value, string what, string of, int place)
    {
        if (typeof(T) == typeof(Nothing)) return "null";
        _bytes.ResetWrittenCount();
        _json.Reset(_bytes);
        _type = _type as JsonTypeInfo<T> ?? Payloads.TypeInfo<T>(options);
        JsonSerializer.Serialize(_json, value, (JsonTypeInfo<T>)_type);
        _json.Flush();
        int size = _bytes.WrittenCount;
        if (size > maxBytes) throw Payloads.TooLarge(size, maxBytes, what, of, place);
        // No character takes less than a byte.
        if (_text.Length < size) _text = new char[Math.Max(size, 2 * _text.Length)];
        return _text.AsSpan(0, Encoding.UTF8.GetChars(_bytes.WrittenSpan, _text));
    }

    /// <summary>Makes a JSON array of several values: the texts that <see cref="Write"/> makes, for less than each alone.</summary>
    /// <param name="values">The values.</param>
    /// <param name="maxCharacters">The most that it may have.</param>
    /// <returns>Null where they have to be written one by one: it would be too large, or one of them cannot be written, or arrays are not what lists become.</returns>
    public string? TryWriteAll<T>(List<T> values, int maxCharacters)
    {
        if (_isOneByOne || typeof(T) == typeof(Nothing)) return null;
        try
        {
            _list ??= Payloads.ListInfo<T>(options);
            if (_list is not null && JsonSerializer.Serialize(values, (JsonTypeInfo<List<T>>)_list) is var json && json.Length <= maxCharacters && json.Length <= maxBytes / 3) return json;
        }
        catch (Exception)
        {
            // One by one it is seen which it is.
            return null;
        }

        // Those that follow are likely to be as large.
        _isOneByOne = true;
        return null;
    }

    public void Dispose() => _json.Dispose();
}
