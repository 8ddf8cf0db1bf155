using System.Runtime.CompilerServices;

namespace Sheaf;

/// <summary>
/// Walks trees of exception groups. No method recurses: nesting is bounded by what users build, not by the thread's stack.
/// </summary>
internal static class GroupTree
{
    /// <summary>
    /// Whether it is walked as a group. An <see cref="AggregateException"/> with nothing in it is a leaf, so that it is not lost.
    /// </summary>
    internal static bool IsGroup(Exception exception) => exception is AggregateException { InnerExceptions.Count: > 0 };

    /// <summary>
    /// The origins of a group's child as the group itself states them; a plain <see cref="AggregateException"/> states none.
    /// </summary>
    internal static IReadOnlyList<FailureOrigin> OriginsAt(AggregateException group, int index) =>
        group is ExceptionGroup known ? known.OriginsAt(index) : [];

    /// <summary>What the group is called, without counts and without the messages of what is inside.</summary>
    internal static string TitleOf(AggregateException group) =>
        group is ExceptionGroup known ? known.Title : PlainTitle(group);

    /// <summary>All leaves in order, one instance as often as it occurs.</summary>
    internal static IEnumerable<Exception> Leaves(Exception root)
    {
        Stack<Exception> open = new();
        open.Push(root);
        while (open.TryPop(out Exception? exception))
        {
            if (!IsGroup(exception))
            {
                yield return exception;
                continue;
            }

            var children = ((AggregateException)exception).InnerExceptions;
            for (int i = children.Count - 1; i >= 0; i--) open.Push(children[i]);
        }
    }

    /// <summary>All leaves in order with their origins, the paths of which begin at <paramref name="root"/>.</summary>
    internal static IEnumerable<FailureLeaf> LeavesWithOrigins(AggregateException root)
    {
        Stack<(AggregateException Group, IReadOnlyList<FailureOrigin> Outer, int Next)> open = new();
        open.Push((root, [], 0));
        while (open.TryPop(out var at))
        {
            if (at.Next == at.Group.InnerExceptions.Count) continue;
            open.Push((at.Group, at.Outer, at.Next + 1));
            Exception child = at.Group.InnerExceptions[at.Next];
            IReadOnlyList<FailureOrigin> origins = OriginPath.Compose(at.Outer, OriginsAt(at.Group, at.Next));
            if (IsGroup(child)) open.Push(((AggregateException)child, origins, 0));
            else yield return new(child, origins);
        }
    }

    /// <summary>How many failures a leaf counts for.</summary>
    internal static int CountOf(Exception leaf) => leaf is OmittedFailures omitted ? omitted.Count : 1;

    internal static int LeafCount(Exception root)
    {
        if (root is ExceptionGroup known) return known.LeafCount;
        long count = 0;
        foreach (Exception leaf in Leaves(root)) count += CountOf(leaf);
        return Saturate(count);
    }

    /// <summary>Failures by full type name, in the order in which the types first occur.</summary>
    internal static OrderedDictionary<string, int> CountByType(Exception root)
    {
        OrderedDictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (Exception leaf in Leaves(root))
        {
            string name = TypeNames.NameOf(leaf);
            counts[name] = Saturate(counts.GetValueOrDefault(name) + (long)CountOf(leaf));
        }

        return counts;
    }

    /// <summary>Counts come from other processes too: they may be too large, but never negative.</summary>
    internal static int Saturate(long count) => (int)Math.Min(count, int.MaxValue);

    // AggregateException.Message appends every descendant's message, recursively; the words it was given are in this field only.
    private static string PlainTitle(AggregateException group)
    {
        try
        {
            return MessageField(group) ?? DefaultTitle;
        }
        catch (MissingFieldException)
        {
            // Another runtime may store it elsewhere. The title is the only thing lost.
            return DefaultTitle;
        }
    }

    private const string DefaultTitle = "One or more errors occurred.";

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? MessageField(Exception exception);
}
