namespace Sheaf.Engine;

/// <summary>
/// Takes out of a scope's failure what the journal has already, and puts it in again. The second half needs the state only, not
/// the code: views see whole failures. Does not recurse; linear in what is journaled.
/// </summary>
internal static class FailureFold
{
    /// <summary>The failure without the failures of children inside it.</summary>
    /// <param name="error">What left the scope.</param>
    /// <param name="origins">Its own origins, where it is no group.</param>
    /// <param name="state">The workflow.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="childOf">The ended child that failed with this very instance; null where there is none.</param>
    public static (Failure Short, FailureParts? Parts) Shorten(
        Exception error, IReadOnlyList<FailureOrigin> origins, WorkflowState state, ScopeState scope, Func<Exception, ChildState?> childOf)
    {
        Dictionary<Failure, FailurePart> places = new(ReferenceEqualityComparer.Instance);
        if (childOf(error) is { Result.Failure.IsGroup: true }) origins = [];
        if (Place(error, origins) is { } alone) return (alone, new FailureParts([places[alone]]));
        Failure failure = FailureCapture.Capture(error, Place);
        if (!failure.IsGroup && origins.Count > 0) failure = failure with { Origins = origins };
        bool scopeCause = failure.Cause is not null && ReferenceEquals(failure.Cause, scope.Cause);
        if (scopeCause) failure = failure with { Cause = null };
        if (places.Count == 0 && !scopeCause) return (FailureBudget.Bound(failure), null);

        List<FailurePart> parts = new(places.Count);
        List<Failure> nodes = FailureBudget.NodesOf(failure);
        for (int i = 0; i < nodes.Count; i++)
        {
            if (places.TryGetValue(nodes[i], out FailurePart part)) parts.Add(part with { Node = i });
        }

        // Only now: it makes other nodes of them, in the same places.
        return (FailureBudget.Bound(failure), new FailureParts(parts) { ScopeCause = scopeCause });

        Failure? Place(Exception exception, IReadOnlyList<FailureOrigin> at)
        {
            if (childOf(exception) is not { Result.Failure: { } known } child) return null;
            bool own = at is [var only] && only == child.OriginIn(state);
            Failure place = new() { TypeName = known.TypeName, Origins = own ? [] : at };
            places[place] = new FailurePart(0, child.Id, own);
            return place;
        }
    }

    /// <summary>The whole failure of a scope that ends, as it leaves the workflow or is given to its code: bounded as a whole (E7).</summary>
    /// <exception cref="InvalidOperationException">The journal is damaged: there is no such child, or it has no failure.</exception>
    public static Failure Bounded(Failure failure, FailureParts? parts, WorkflowState state, ScopeState scope) =>
        FailureBudget.Bound(Whole(failure, parts, state, scope));

    /// <summary>
    /// The whole failure of a scope that ends. Not bounded: groups inside groups share it, and to look through all of it at each level
    /// would cost the square of the nesting (D11).
    /// </summary>
    /// <exception cref="InvalidOperationException">The journal is damaged: there is no such child, or it has no failure.</exception>
    public static Failure Whole(Failure failure, FailureParts? parts, WorkflowState state, ScopeState scope)
    {
        if (parts is null) return failure;
        Dictionary<int, FailurePart> places = parts.Children.ToDictionary(part => part.Node);
        List<Failure> nodes = [failure];
        List<int> firstInner = [];
        for (int i = 0; i < nodes.Count; i++)
        {
            firstInner.Add(nodes.Count);
            nodes.AddRange(nodes[i].Inner);
        }

        // A node's children come after it: from the last on, they are whole when it is its turn.
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            Failure node = nodes[i];
            if (places.TryGetValue(i, out FailurePart part)) nodes[i] = WholeOf(node, part, state);
            else if (node.Inner.Count > 0) nodes[i] = node with { Inner = nodes.GetRange(firstInner[i], node.Inner.Count) };
        }

        return parts.ScopeCause ? nodes[0] with { Cause = scope.Cause } : nodes[0];
    }

    private static Failure WholeOf(Failure place, FailurePart part, WorkflowState state)
    {
        if (state.Find(part.Child) is not { Result.Failure: { } failure } child)
            throw new InvalidOperationException($"The journal of workflow '{state.Id}' is damaged: a failure is said to be that of child {part.Child}, which has none.");
        return failure with { Origins = part.OwnOrigin ? [child.OriginIn(state)] : place.Origins };
    }
}
