namespace Sheaf;

/// <summary>
/// Bounds a tree (rule E7): which leaves stay in full is decided over the whole tree, what is left out is counted in the group that
/// it was in. Does not recurse; linear in the size of the tree.
/// </summary>
internal static class FailureBounds
{
    /// <summary>
    /// At most <paramref name="maxFailures"/> leaves in full: the first of each type, then the earliest of the others. The rest become
    /// <see cref="OmittedFailures"/>. Returns the same instance where it is within the bound.
    /// </summary>
    internal static ExceptionGroup Bound(ExceptionGroup group, int maxFailures)
    {
        OmittedTally omitted = new();
        if (Reduce(group.InnerExceptions, maxFailures, omitted) is not { } reduced) return group;
        Children children = new();
        for (int i = 0; i < reduced.Length; i++)
        {
            if (reduced[i] is { } child) children.Add(child, group.OriginsAt(i));
        }

        omitted.AddTo(children);
        return ExceptionGroup.Rebuild(group, children);
    }

    /// <summary>
    /// What becomes of each of a group's children; null for those that are left out and counted in <paramref name="omitted"/>. Null as
    /// a whole where all are within the bound.
    /// </summary>
    internal static Exception?[]? Reduce(IReadOnlyList<Exception> children, int maxFailures, OmittedTally omitted)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxFailures);
        bool[]? keep = Choose(children, maxFailures);
        if (keep is null) return null;

        Exception?[] reduced = new Exception?[children.Count];
        Reduction reduction = new(keep, maxFailures);
        for (int i = 0; i < reduced.Length; i++) reduced[i] = reduction.Next(children[i], omitted);
        return reduced;
    }

    /// <summary>Which leaves stay, by their place among those held in full; null for all.</summary>
    private static bool[]? Choose(IReadOnlyList<Exception> children, int maxFailures)
    {
        int full = 0;
        HashSet<string> types = new(StringComparer.Ordinal);
        List<int> firstOfType = [];
        foreach (Exception leaf in children.SelectMany(GroupTree.Leaves))
        {
            if (leaf is OmittedFailures) continue;
            if (firstOfType.Count < maxFailures && types.Add(TypeNames.NameOf(leaf))) firstOfType.Add(full);
            full++;
        }

        if (full <= maxFailures) return null;
        bool[] keep = new bool[full];
        foreach (int place in firstOfType) keep[place] = true;
        int left = maxFailures - firstOfType.Count;
        for (int place = 0; left > 0; place++)
        {
            if (keep[place]) continue;
            keep[place] = true;
            left--;
        }

        return keep;
    }

    /// <summary>Rebuilds trees one after the other, with one numbering of their leaves.</summary>
    private sealed class Reduction(bool[] keep, int maxHollow)
    {
        private int _place;

        // Groups in which nothing is held in full stay as places to count in, but not without bound: ten thousand nested groups that
        // failed would keep ten thousand of them.
        private int _hollow;

        internal Exception? Next(Exception child, OmittedTally outer)
        {
            if (!GroupTree.IsGroup(child)) return Leaf(child, outer);
            Stack<Open> stack = new();
            stack.Push(new((AggregateException)child, []));
            while (true)
            {
                Open open = stack.Peek();
                if (open.Next < open.Group.InnerExceptions.Count)
                {
                    int index = open.Next++;
                    Exception inner = open.Group.InnerExceptions[index];
                    IReadOnlyList<FailureOrigin> origins = GroupTree.OriginsAt(open.Group, index);
                    if (GroupTree.IsGroup(inner)) stack.Push(new((AggregateException)inner, origins));
                    else if (Leaf(inner, open.Omitted) is { } kept) open.Kept.Add(kept, origins);
                    else open.Changed |= inner is not OmittedFailures;
                    continue;
                }

                stack.Pop();
                stack.TryPeek(out Open? parent);
                AggregateException? closed = Close(open, parent?.Omitted ?? outer);
                if (parent is null) return closed;
                parent.Changed |= !ReferenceEquals(closed, open.Group);
                if (closed is not null) parent.Kept.Add(closed, open.Origins);
            }
        }

        private Exception? Leaf(Exception leaf, OmittedTally group)
        {
            if (leaf is not OmittedFailures && keep[_place++]) return leaf;
            group.Add(leaf);
            return null;
        }

        private AggregateException? Close(Open open, OmittedTally outer)
        {
            if (open.Kept.Count == 0 && ++_hollow > maxHollow)
            {
                outer.Add(open.Omitted);
                return null;
            }

            if (!open.Changed) return open.Group;
            open.Omitted.AddTo(open.Kept);
            return ExceptionGroup.Rebuild(open.Group, open.Kept);
        }
    }

    /// <summary>A group whose children are being sorted into those that stay and those that are counted.</summary>
    private sealed class Open(AggregateException group, IReadOnlyList<FailureOrigin> origins)
    {
        internal AggregateException Group { get; } = group;

        internal IReadOnlyList<FailureOrigin> Origins { get; } = origins;

        internal int Next { get; set; }

        /// <summary>Whether a child is no longer what it was. Earlier <see cref="OmittedFailures"/> alone change nothing.</summary>
        internal bool Changed { get; set; }

        internal Children Kept { get; } = new();

        internal OmittedTally Omitted { get; } = new();
    }
}
