using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>Lets a <see cref="WorkflowId"/> stand in any document of System.Text.Json, as its text.</summary>
/// <remarks>The type names it already; it is public so that source-generated contexts find it. Thread-safe.</remarks>
public sealed class WorkflowIdJsonConverter : JsonConverter<WorkflowId>
{
    /// <inheritdoc/>
    public override WorkflowId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? throw new JsonException("A workflow id is null."));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, WorkflowId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
