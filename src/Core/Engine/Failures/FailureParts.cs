namespace Sheaf.Engine;

/// <summary>
/// What a journaled failure leaves out, because the journal has it already: the failures of children that ended before.
/// A chain of groups that fail for one leaf thus costs that leaf once, and not once a level (D11).
/// </summary>
/// <param name="Children">The nodes of the failure that stand for children's failures.</param>
internal sealed record FailureParts(IReadOnlyList<FailurePart> Children)
{
    /// <summary>Whether the failure's cause is that of its scope.</summary>
    public bool ScopeCause { get; init; }
}

/// <summary>One node that stands for a child's failure: it has only its type name, and its origins where they are not the child's own.</summary>
/// <param name="Node">The node's place in the failure, counted level by level from 0, as its JSON does.</param>
/// <param name="Child">The child; it ended before the scope did.</param>
/// <param name="OwnOrigin">Whether its one origin is the child itself.</param>
internal readonly record struct FailurePart(int Node, ChildId Child, bool OwnOrigin);
