using System.Diagnostics.CodeAnalysis;

namespace Sheaf;

/// <summary>
/// Stands in an exception group for failures of one type that are counted, but not held in full, because the group had more than
/// its bound (rule E7).
/// </summary>
/// <remarks>
/// It takes part in matching by type with the type it stands for, so that nothing counts as handled only because it was left out;
/// predicates never see it. Immutable and therefore safe for use by several threads.
/// </remarks>
[SuppressMessage("Naming", "CA1710", Justification = "Nobody throws it: it stands in a group for several.")]
public sealed class OmittedFailures : Exception
{
    internal OmittedFailures(string typeName, IReadOnlyList<string> baseTypeNames, int count)
        : base($"{count} more {typeName}, counted but not held")
    {
        TypeName = typeName;
        BaseTypeNames = baseTypeNames;
        Count = count;
    }

    /// <summary>The full name of the failures' type.</summary>
    public string TypeName { get; }

    /// <summary>The full names of that type's base types, the nearest first, without <see cref="object"/>.</summary>
    public IReadOnlyList<string> BaseTypeNames { get; }

    /// <summary>How many failures it stands for; at least 1.</summary>
    public int Count { get; }
}
