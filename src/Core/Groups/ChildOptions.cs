namespace Sheaf;

/// <summary>What one child of a group is allowed, beside the group's own <see cref="TaskGroupOptions"/>.</summary>
/// <remarks>Immutable: one instance can serve any number of children and threads.</remarks>
public sealed record ChildOptions
{
    /// <summary>
    /// Whether the child's failure is the awaiter's affair alone (rule R16): it cancels nobody, and counts as a failure
    /// of the group only if nobody awaited the handle.
    /// </summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool Isolated { get; init; }

    /// <summary>How the child is tried again (rule R12).</summary>
    /// <value>The default is <see langword="null"/>: as the group's <see cref="TaskGroupOptions.Retry"/> says.</value>
    public RetryPolicy? Retry { get; init; }

    /// <summary>How far a child is that says when it is ready (rule R14). Here, since a child without it must not pay for it.</summary>
    internal Readiness? Readiness { get; init; }

    internal static ChildOptions Default { get; } = new();

    internal static ChildOptions IsolatedDefault { get; } = new() { Isolated = true };
}
