using System.Text.Json;

namespace Sheaf.Engine;

/// <summary>Values and inputs as JSON text (D10).</summary>
internal sealed class Payloads(JsonSerializerOptions options, int maxBytes)
{
    public static Payloads Default { get; } = new(SheafOptions.DefaultSerializerOptions, SheafOptions.DefaultMaxPayloadBytes);

    /// <summary>Makes JSON text of a value.</summary>
    /// <exception cref="PayloadTooLargeException">The text is over the limit.</exception>
    public string? Write<T>(T value, string what)
    {
        if (typeof(T) == typeof(Nothing)) return null;
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(value, options);
        if (bytes.Length > maxBytes)
        {
            throw new PayloadTooLargeException(
                $"The {what} is {bytes.Length} bytes of JSON; the limit is {maxBytes}. Pass a reference to where the data is, or raise SheafOptions.MaxPayloadBytes.");
        }

        return System.Text.Encoding.UTF8.GetString(bytes);
    }

    public T? Read<T>(string? json) => json is null || typeof(T) == typeof(Nothing) ? default : JsonSerializer.Deserialize<T>(json, options);
}
