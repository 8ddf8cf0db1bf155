namespace Sheaf;

/// <summary>
/// The one place that says when a leaf matches a type (rules E6, E7): it is of that type, or it stands for one that is.
/// </summary>
internal static class LeafMatch
{
    /// <summary>The test for <typeparamref name="T"/>; refuses aggregate types.</summary>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is an aggregate type.</exception>
    internal static Func<Exception, bool> Type<T>()
        where T : Exception
    {
        if (typeof(AggregateException).IsAssignableFrom(typeof(T)))
        {
#pragma warning disable MA0015 // What is wrong is the type argument.
            throw new ArgumentException(
                $"{typeof(T)} is an aggregate type. Matching looks at the leaves of the tree only, and a group is never a leaf, so it "
                + "could never match. Name the type of the failures themselves, or Exception for all of them; for a group as a whole "
                + "use catch (ExceptionGroup).",
                nameof(T));
#pragma warning restore MA0015
        }

        return Test<T>.Matches;
    }

    internal static Func<Exception, bool> Type<T1, T2>()
        where T1 : Exception
        where T2 : Exception => Any(Type<T1>(), Type<T2>());

    internal static Func<Exception, bool> Type<T1, T2, T3>()
        where T1 : Exception
        where T2 : Exception
        where T3 : Exception => Any(Type<T1, T2>(), Type<T3>());

    /// <summary>A user's predicate sees real leaves only: what was omitted cannot be shown to it.</summary>
    internal static Func<Exception, bool> Predicate(Func<Exception, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return leaf => leaf is not OmittedFailures && predicate(leaf);
    }

    private static Func<Exception, bool> Any(Func<Exception, bool> first, Func<Exception, bool> second) =>
        leaf => first(leaf) || second(leaf);

    private static bool Named(string name, string typeName, IReadOnlyList<string> baseTypeNames) =>
        string.Equals(name, typeName, StringComparison.Ordinal) || baseTypeNames.Contains(name, StringComparer.Ordinal);

    private static class Test<T>
        where T : Exception
    {
        private static readonly string Name = TypeNames.NameOf(typeof(T));

        internal static readonly Func<Exception, bool> Matches = static leaf => leaf is T || leaf switch
        {
            RemoteException remote => Named(Name, remote.Failure.TypeName, remote.Failure.BaseTypeNames),
            OmittedFailures omitted => Named(Name, omitted.TypeName, omitted.BaseTypeNames),
            _ => false,
        };
    }
}
