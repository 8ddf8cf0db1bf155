using Orleans;

namespace Sheaf.Grains;

/// <summary>What to start.</summary>
[GenerateSerializer, Immutable, Alias("sheaf.StartWorkflow")]
internal sealed record StartWorkflow([property: Id(0)] string Workflow, [property: Id(1)] string Input, [property: Id(2)] string? TraceParent, [property: Id(3)] DateTimeOffset? Deadline);

/// <summary>How a workflow ended.</summary>
/// <param name="Kind">The outcome's kind.</param>
/// <param name="Value">The value as JSON; its beginning, where it is larger than a message may be.</param>
/// <param name="Failure">The failure as JSON: it needs no type of the thrower's (E5).</param>
/// <param name="Cause">What cancelled it.</param>
/// <param name="Stuck">Why its code cannot go on; then it has not ended.</param>
/// <param name="Length">How many characters the whole value has.</param>
[GenerateSerializer, Immutable, Alias("sheaf.EndedWorkflow")]
internal sealed record EndedWorkflow(
    [property: Id(0)] OutcomeKind Kind, [property: Id(1)] string? Value, [property: Id(2)] string? Failure, [property: Id(3)] CancellationCause? Cause, [property: Id(4)] Exception? Stuck, [property: Id(5)] int Length);

/// <summary>A part of a workflow's journal.</summary>
/// <param name="FirstSequence">The number of the first entry.</param>
/// <param name="Commits">Commits' bodies, each a JSON array of entries, without gaps.</param>
/// <param name="Stuck">Why the workflow's code cannot go on; null unless it is stuck.</param>
[GenerateSerializer, Immutable, Alias("sheaf.JournalPage")]
internal sealed record JournalPage([property: Id(0)] long FirstSequence, [property: Id(1)] IReadOnlyList<byte[]> Commits, [property: Id(2)] string? Stuck);

/// <summary>A workflow in a list.</summary>
[GenerateSerializer, Immutable, Alias("sheaf.ListedWorkflow")]
internal sealed record ListedWorkflow(
    [property: Id(0)] string Id, [property: Id(1)] string Workflow, [property: Id(2)] WorkflowStatus Status, [property: Id(3)] DateTimeOffset CreatedAt, [property: Id(4)] DateTimeOffset? EndedAt);

/// <summary>The workflow's place is another one now: ask again.</summary>
[GenerateSerializer, Alias("sheaf.WorkflowMovedException")]
internal sealed class WorkflowMovedException(string message) : Exception(message);

/// <summary>A description is larger than a message may be.</summary>
[GenerateSerializer, Alias("sheaf.DescriptionTooLargeException")]
internal sealed class DescriptionTooLargeException(string message) : Exception(message);
