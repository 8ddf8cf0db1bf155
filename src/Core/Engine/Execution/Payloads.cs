using System.Text;
using System.Text.Json;

namespace Sheaf.Engine;

/// <summary>Values and inputs as JSON text (D10).</summary>
internal sealed class Payloads(JsonSerializerOptions options, int maxBytes)
{
    public static Payloads Default { get; } = new(SheafOptions.DefaultSerializerOptions, SheafOptions.DefaultMaxPayloadBytes);

    /// <summary>Makes JSON text of a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <param name="of">Whose it is.</param>
    /// <param name="place">Its place among them, where they are many; negative for none.</param>
    /// <exception cref="PayloadTooLargeException">The text is over the limit.</exception>
    public string? Write<T>(T value, string what, string of, int place = -1)
    {
        if (typeof(T) == typeof(Nothing)) return null;
        string json = JsonSerializer.Serialize(value, options);
        // No character takes more than three bytes: most texts need no counting.
        if (json.Length > maxBytes / 3 && Encoding.UTF8.GetByteCount(json) is var bytes && bytes > maxBytes)
        {
            throw new PayloadTooLargeException(
                $"The {what} '{of}{(place < 0 ? "" : $"[{place}]")}' is {bytes} bytes of JSON; the limit is {maxBytes}. Pass a reference to where the data is, or raise SheafOptions.MaxPayloadBytes.");
        }

        return json;
    }

    public T? Read<T>(string? json) => json is null || typeof(T) == typeof(Nothing) ? default : JsonSerializer.Deserialize<T>(json, options);
}
