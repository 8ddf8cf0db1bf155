namespace Sheaf;

/// <summary>Composes origins down a tree: each group states them relative to itself (rule E4).</summary>
internal static class OriginPath
{
    /// <summary>The most origins a leaf keeps; thousands of children may fail with one shared instance.</summary>
    internal const int MaxOrigins = 100;

    internal static IReadOnlyList<FailureOrigin> Compose(IReadOnlyList<FailureOrigin> outer, IReadOnlyList<FailureOrigin> inner)
    {
        if (outer.Count == 0) return inner;
        if (inner.Count == 0) return outer;
        List<FailureOrigin> composed = new(Math.Min(MaxOrigins, outer.Count * inner.Count));
        foreach (FailureOrigin above in outer)
        {
            foreach (FailureOrigin below in inner)
            {
                if (composed.Count == MaxOrigins) return composed;
                composed.Add(Compose(above, below));
            }
        }

        return composed;
    }

    /// <summary>The origins of one instance that occurs in two places.</summary>
    internal static IReadOnlyList<FailureOrigin> Join(IReadOnlyList<FailureOrigin> first, IReadOnlyList<FailureOrigin> second) =>
        first.Count == 0 || second.Count == 0 || first.Count >= MaxOrigins
            ? first.Count == 0 ? second : first
            : [.. first.Concat(second).Take(MaxOrigins)];

    /// <summary>Path after path; of everything else what the more specific one, the inner, states, and else what the outer does.</summary>
    private static FailureOrigin Compose(FailureOrigin outer, FailureOrigin inner)
    {
        // Attempt and delivery describe one try together: taking one from each would describe a try that never was.
        bool tried = inner.Attempt > 1 || inner.Delivery > 0;
        return new()
        {
            Path = [.. outer.Path, .. inner.Path],
            WorkflowId = inner.WorkflowId ?? outer.WorkflowId,
            Worker = inner.Worker ?? outer.Worker,
            Silo = inner.Silo ?? outer.Silo,
            Attempt = tried ? inner.Attempt : outer.Attempt,
            Delivery = tried ? inner.Delivery : outer.Delivery,
            StartedAt = inner.StartedAt ?? outer.StartedAt,
            EndedAt = inner.EndedAt ?? outer.EndedAt,
            TraceId = inner.TraceId ?? outer.TraceId,
        };
    }
}
