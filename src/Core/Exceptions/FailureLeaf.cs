namespace Sheaf;

/// <summary>One failure of an exception group, with where it came from (rule E4).</summary>
/// <param name="Exception">
/// The failure itself: never a group; an <see cref="OmittedFailures"/> stands for several that are not held in full.
/// </param>
/// <param name="Origins">
/// Where it came from, with paths from the outermost group; several where several children failed with this one instance, and
/// empty where nothing is known.
/// </param>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed record FailureLeaf(Exception Exception, IReadOnlyList<FailureOrigin> Origins);
