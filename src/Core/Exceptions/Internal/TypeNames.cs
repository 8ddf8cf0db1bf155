using System.Runtime.CompilerServices;

namespace Sheaf;

/// <summary>An exception type as names: its own, and its base types' from the nearest, without <see cref="object"/>.</summary>
internal sealed record TypeNames(string Name, IReadOnlyList<string> BaseNames)
{
    // Weak keys: a plug-in's exception type must not keep its load context alive.
    private static readonly ConditionalWeakTable<Type, TypeNames> Known = [];

    internal static TypeNames Of(Type type) => Known.GetValue(type, static t =>
    {
        List<string> bases = [];
        for (Type? b = t.BaseType; b is not null && b != typeof(object); b = b.BaseType) bases.Add(NameOf(b));
        return new(NameOf(t), [.. bases]);
    });

    /// <summary>The names that a leaf counts and matches under: for stand-ins those of what they stand for.</summary>
    internal static TypeNames Of(Exception leaf) => leaf switch
    {
        RemoteException remote => new(remote.Failure.TypeName, remote.Failure.BaseTypeNames),
        OmittedFailures omitted => new(omitted.TypeName, omitted.BaseTypeNames),
        _ => Of(leaf.GetType()),
    };

    internal static string NameOf(Exception leaf) => leaf switch
    {
        RemoteException remote => remote.Failure.TypeName,
        OmittedFailures omitted => omitted.TypeName,
        _ => Of(leaf.GetType()).Name,
    };

    /// <summary>
    /// The full name. That of a constructed generic type would hold the versions of its arguments' assemblies, and two versions of
    /// a program would not match each other's failures, so it is written without them.
    /// </summary>
    internal static string NameOf(Type type) => type.IsConstructedGenericType ? type.ToString() : type.FullName ?? type.Name;

    /// <summary>The last part of a full name: <c>FormatException</c> of <c>System.FormatException</c>.</summary>
    internal static string Short(string fullName)
    {
        int end = fullName.IndexOf('[', StringComparison.Ordinal);
        string name = end < 0 ? fullName : fullName[..end];
        return name[(name.LastIndexOfAny(['.', '+']) + 1)..];
    }
}
