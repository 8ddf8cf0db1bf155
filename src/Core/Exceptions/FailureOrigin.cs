namespace Sheaf;

/// <summary>Where a failure came from (rule E4).</summary>
/// <remarks>
/// Origins sit in the exception group, beside the leaf, and never on the exception itself: two children can fail with
/// one and the same instance. Immutable and therefore safe for use by several threads.
/// </remarks>
public sealed record FailureOrigin
{
    /// <summary>
    /// The names from the group that holds this origin down to the child that failed. Read through
    /// <see cref="ExceptionGroup.Leaves"/> it is complete, from the outermost group.
    /// </summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>The workflow's id; <see langword="null"/> outside a workflow.</summary>
    public string? WorkflowId { get; init; }

    /// <summary>The worker's registered name; <see langword="null"/> where no worker ran.</summary>
    public string? Worker { get; init; }

    /// <summary>
    /// The silo, or the embedded host, that ran the child; <see langword="null"/> where it ran in the caller's own process.
    /// </summary>
    public string? Silo { get; init; }

    /// <summary>The attempt that failed last, from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>The delivery to a worker that brought this failure, from 1; 0 where nothing was delivered.</summary>
    public int Delivery { get; init; }

    /// <summary>When the child started; <see langword="null"/> where it is not known.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the child ended; <see langword="null"/> where it is not known.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>
    /// The W3C trace id (32 hexadecimal digits) that was current where the child ran; <see langword="null"/> without tracing.
    /// </summary>
    public string? TraceId { get; init; }

    /// <summary>The path as one string, its parts separated by <c>/</c>.</summary>
    public override string ToString() => string.Join('/', Path);

    /// <summary>Whether both say the same; paths are compared name by name.</summary>
    /// <param name="other">The origin to compare with.</param>
    public bool Equals(FailureOrigin? other) =>
        other is not null
        && Path.SequenceEqual(other.Path, StringComparer.Ordinal)
        && string.Equals(WorkflowId, other.WorkflowId, StringComparison.Ordinal)
        && string.Equals(Worker, other.Worker, StringComparison.Ordinal)
        && string.Equals(Silo, other.Silo, StringComparison.Ordinal)
        && Attempt == other.Attempt
        && Delivery == other.Delivery
        && StartedAt == other.StartedAt
        && EndedAt == other.EndedAt
        && string.Equals(TraceId, other.TraceId, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Path.Count, Path.Count == 0 ? null : Path[^1], Worker, Attempt, Delivery, StartedAt);
}
