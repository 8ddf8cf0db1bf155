namespace Sheaf;

/// <summary>Takes the nesting out of a group; see <see cref="ExceptionGroup.Flatten"/>.</summary>
internal static class FlatGroup
{
    internal static ExceptionGroup Of(ExceptionGroup group)
    {
        OrderedDictionary<Exception, IReadOnlyList<FailureOrigin>> leaves = new(ReferenceEqualityComparer.Instance);
        OmittedTally omitted = new();
        int omittedLeaves = 0;
        int repeated = 0;
        foreach (FailureLeaf leaf in group.Leaves)
        {
            if (leaf.Exception is OmittedFailures more)
            {
                omitted.Add(more);
                omittedLeaves++;
            }
            else if (leaves.TryGetValue(leaf.Exception, out IReadOnlyList<FailureOrigin>? before))
            {
                leaves[leaf.Exception] = OriginPath.Join(before, leaf.Origins);
                repeated++;
            }
            else
            {
                leaves.Add(leaf.Exception, leaf.Origins);
            }
        }

        bool flat = repeated == 0 && omittedLeaves == omitted.Types && !group.InnerExceptions.Any(GroupTree.IsGroup);
        if (flat) return group;

        Children children = new();
        foreach ((Exception leaf, IReadOnlyList<FailureOrigin> origins) in leaves) children.Add(leaf, origins);
        omitted.AddTo(children);
        return ExceptionGroup.Rebuild(group, children);
    }
}
