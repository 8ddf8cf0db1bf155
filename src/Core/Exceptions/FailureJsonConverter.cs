using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>Lets a <see cref="Failure"/> stand in any document of System.Text.Json, in the same format as on its own.</summary>
/// <remarks>The type names it already; it is public so that source-generated contexts find it. Thread-safe.</remarks>
public sealed class FailureJsonConverter : JsonConverter<Failure>
{
    /// <inheritdoc/>
    public override Failure Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return FailureJsonReader.Read(document.RootElement);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Failure value, JsonSerializerOptions options) =>
        FailureJsonWriter.Write(writer, value);
}
