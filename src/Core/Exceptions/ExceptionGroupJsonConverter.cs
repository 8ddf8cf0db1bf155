using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>Lets an <see cref="ExceptionGroup"/> stand in any document of System.Text.Json, as its <see cref="Failure"/> (rule E5).</summary>
/// <remarks>Public so that source-generated contexts find it. Thread-safe.</remarks>
public sealed class ExceptionGroupJsonConverter : JsonConverter<ExceptionGroup>
{
    /// <inheritdoc/>
    public override ExceptionGroup? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return FailureJsonReader.Read(document.RootElement).ToException() as ExceptionGroup ?? throw new JsonException("A failure was read that is no group.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ExceptionGroup value, JsonSerializerOptions options) => FailureJsonWriter.Write(writer, Failure.From(value));
}
