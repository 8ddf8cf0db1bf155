namespace Sheaf;

/// <summary>Splits a tree by its leaves (rule E2): nesting stays, empty groups go, untouched groups stay the same instances.</summary>
internal static class GroupSplit
{
    /// <summary>
    /// Splits by a test that sees every leaf, <see cref="OmittedFailures"/> included. What the test throws comes out; nothing
    /// changed.
    /// </summary>
    internal static ExceptionGroupSplit Split(ExceptionGroup root, Func<Exception, bool> matches)
    {
        Stack<Open> stack = new();
        stack.Push(new(root, []));
        while (true)
        {
            Open open = stack.Peek();
            if (open.Next < open.Group.InnerExceptions.Count)
            {
                int index = open.Next++;
                Exception child = open.Group.InnerExceptions[index];
                IReadOnlyList<FailureOrigin> origins = GroupTree.OriginsAt(open.Group, index);
                if (GroupTree.IsGroup(child)) stack.Push(new((AggregateException)child, origins));
                else (matches(child) ? open.Matched : open.Rest).Add(child, origins);
                continue;
            }

            stack.Pop();
            AggregateException? matched = open.Build(open.Matched, open.Rest);
            AggregateException? rest = open.Build(open.Rest, open.Matched);
            // The root is an ExceptionGroup, and what is built from one is one.
            if (!stack.TryPeek(out Open? parent)) return new((ExceptionGroup?)matched, (ExceptionGroup?)rest);
            if (matched is not null) parent.Matched.Add(matched, open.Origins);
            if (rest is not null) parent.Rest.Add(rest, open.Origins);
        }
    }

    /// <summary>The part that consists of these instances; <see langword="null"/> where there are none.</summary>
    internal static ExceptionGroup? Only(ExceptionGroup root, HashSet<Exception> leaves) => Split(root, leaves.Contains).Matched;

    /// <summary>A group whose children are being sorted.</summary>
    private sealed class Open(AggregateException group, IReadOnlyList<FailureOrigin> origins)
    {
        internal AggregateException Group { get; } = group;

        /// <summary>This group's origins in the group around it.</summary>
        internal IReadOnlyList<FailureOrigin> Origins { get; } = origins;

        internal int Next { get; set; }

        internal Children Matched { get; } = new();

        internal Children Rest { get; } = new();

        internal AggregateException? Build(Children side, Children other) =>
            side.Count == 0 ? null : other.Count == 0 ? Group : ExceptionGroup.Rebuild(Group, side);
    }
}
