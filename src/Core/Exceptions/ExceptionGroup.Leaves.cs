namespace Sheaf;

/// <content>Looking at the leaves (rules E4, E7).</content>
public partial class ExceptionGroup
{
    // Both computed when first asked for; two threads may do so at once, with the same result. 0: not yet.
    private int _leafCount;
    private Dictionary<Exception, IReadOnlyList<FailureOrigin>>? _originsByLeaf;

    /// <summary>All leaves in order, with origins whose paths begin at this group. Computed while it is enumerated.</summary>
    public IEnumerable<FailureLeaf> Leaves => GroupTree.LeavesWithOrigins(this);

    /// <summary>
    /// How many failures there are, those included that are counted but not held (<see cref="OmittedFailures"/>); at least 1.
    /// </summary>
    public int LeafCount
    {
        get
        {
            if (_leafCount == 0)
            {
                long count = 0;
                foreach (Exception leaf in GroupTree.Leaves(this)) count += GroupTree.CountOf(leaf);
                _leafCount = GroupTree.Saturate(count);
            }

            return _leafCount;
        }
    }

    /// <summary>
    /// Where a leaf came from: its origins wherever it occurs in this tree, with paths from this group; empty where nothing is known.
    /// </summary>
    /// <param name="leaf">The leaf, found by reference.</param>
    public IReadOnlyList<FailureOrigin> OriginsOf(Exception leaf)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        if (_originsByLeaf is not { } known)
        {
            known = new(ReferenceEqualityComparer.Instance);
            foreach (FailureLeaf at in Leaves)
            {
                known[at.Exception] = known.TryGetValue(at.Exception, out var before) ? OriginPath.Join(before, at.Origins) : at.Origins;
            }

            _originsByLeaf = known;
        }

        return known.GetValueOrDefault(leaf, NoOrigins);
    }

    /// <summary>
    /// How many failures of each type there are, by the type's full name. A <see cref="RemoteException"/> counts under its remote
    /// type, <see cref="OmittedFailures"/> under the type that they stand for.
    /// </summary>
    public IReadOnlyDictionary<string, int> CountByType() => GroupTree.CountByType(this);

    /// <summary>
    /// Whether a leaf is of this type, by the rules of <see cref="Split{T}()"/>. Made for exception filters: <c>catch … when</c>.
    /// </summary>
    /// <typeparam name="T">The type looked for; subtypes count. Not an aggregate type.</typeparam>
    /// <exception cref="ArgumentException">
    /// <typeparamref name="T"/> is an aggregate type. In an exception filter that reads as false.
    /// </exception>
    public bool Contains<T>()
        where T : Exception => GroupTree.Leaves(this).Any(LeafMatch.Type<T>());
}
