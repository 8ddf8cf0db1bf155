using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>Lets an <see cref="ExceptionGroup"/> stand in any document of System.Text.Json, as its <see cref="Failure"/> (rule E5).</summary>
/// <remarks>The group's type names it already; it is public so that source-generated contexts find it. Thread-safe.</remarks>
public sealed class ExceptionGroupJsonConverter : JsonConverter<ExceptionGroup>
{
    private readonly FailureTypes? _types;

    /// <summary>Makes one that knows the framework's exception types only. In what a host reads it has its own, which knows those that are registered (rule E6).</summary>
    public ExceptionGroupJsonConverter()
    {
    }

    internal ExceptionGroupJsonConverter(FailureTypes types) => _types = types;

    /// <inheritdoc/>
    public override ExceptionGroup? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return FailureJsonReader.Read(document.RootElement).ToException(_types) as ExceptionGroup ?? throw new JsonException("A failure was read that is no group.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ExceptionGroup value, JsonSerializerOptions options) => FailureJsonWriter.Write(writer, Failure.From(value));
}
