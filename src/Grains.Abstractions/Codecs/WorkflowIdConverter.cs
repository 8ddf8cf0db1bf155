namespace Sheaf.Codecs;

/// <summary>Carries a <see cref="WorkflowId"/>; one that is not valid is refused on receipt.</summary>
[RegisterConverter]
internal sealed class WorkflowIdConverter : IConverter<WorkflowId, WorkflowIdSurrogate>
{
    public WorkflowId ConvertFromSurrogate(in WorkflowIdSurrogate surrogate) => surrogate.Value is { } value ? new(value) : default;

    public WorkflowIdSurrogate ConvertToSurrogate(in WorkflowId value) => new(value == default ? null : value.Value);
}

/// <summary>A workflow's id on the wire; null for <c>default</c>.</summary>
[GenerateSerializer, Alias("sheaf.WorkflowIdSurrogate")]
internal readonly struct WorkflowIdSurrogate(string? value)
{
    [Id(0)]
    public readonly string? Value = value;
}
