namespace Sheaf;

/// <summary>How a map over a source behaves (rule R15). Immutable.</summary>
/// <typeparam name="TItem">The type of the source's items.</typeparam>
public sealed record MapOptions<TItem>
{
    /// <summary>Name, policy, deadline, retry, window and clock, as for any group.</summary>
    /// <value>
    /// The default is <see langword="null"/>: the defaults. <see cref="TaskGroupOptions.MaxConcurrency"/> is then as many
    /// as the machine has processors, since a source may be endless and a map needs some window.
    /// </value>
    public TaskGroupOptions? Group { get; init; }

    /// <summary>Names an item's child.</summary>
    /// <value>
    /// The default is <see langword="null"/>: children are called <c>#</c> and their ordinal, as is one for which it returns
    /// <see langword="null"/>. If it throws or returns an empty name, the map fails with that, under every policy.
    /// </value>
    public Func<TItem, string>? Name { get; init; }

    /// <summary>
    /// Told of each child that has ended, from any thread and for several at once. If it throws, the map fails with that
    /// exception, under every policy.
    /// </summary>
    /// <value>The default is <see langword="null"/>.</value>
    /// <remarks>An interface and not a delegate: an async lambda bound to an <see cref="Action"/> would end the process when it fails.</remarks>
    public IProgress<Outcome>? Progress { get; init; }
}
