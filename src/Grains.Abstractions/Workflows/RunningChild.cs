using Orleans;

namespace Sheaf;

/// <summary>A child that runs somewhere in a cluster.</summary>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
[GenerateSerializer, Immutable, Alias("sheaf.RunningChild")]
public sealed record RunningChild
{
    /// <summary>The silo that runs it.</summary>
    [Id(0)]
    public required string Silo { get; init; }

    /// <summary>Its workflow.</summary>
    [Id(1)]
    public required string WorkflowId { get; init; }

    /// <summary>The child's id within the workflow: scope and ordinal, such as <c>2.5</c>.</summary>
    [Id(2)]
    public required string Child { get; init; }

    /// <summary>Its delivery, from 1.</summary>
    [Id(3)]
    public required int Delivery { get; init; }

    /// <summary>Whether its workflow waits for it. One that nobody waits for has been signalled, and ends when it heeds that.</summary>
    [Id(4)]
    public required bool IsOwned { get; init; }
}
