namespace Sheaf;

/// <summary>What a group is, where its failures are gathered.</summary>
internal readonly record struct GroupFacts(string Name, GroupPolicy Policy, int MaxFailures, CancelSource Source, CancellationCause? Cause, TimeSpan? Deadline, string? WorkflowId = null);

/// <summary>Gathers the failures of a group that has ended: rules R3, R7 and R16, for every host.</summary>
internal static class GroupFailures
{
    /// <summary>The failures as one group, or null where none counts.</summary>
    /// <param name="group">The group.</param>
    /// <param name="failed">Children that failed, in the order in which they did.</param>
    /// <param name="callbackErrors">What callbacks on the group's token threw (C1).</param>
    /// <param name="body">The body's end; its failure comes last.</param>
    public static ExceptionGroup? Collect(in GroupFacts group, IReadOnlyList<IGroupChild> failed, IReadOnlyList<Exception> callbackErrors, WorkEnd body)
    {
        if (failed.Count == 0 && callbackErrors.Count == 0 && body.Errors.Count == 0) return null;

        FailureCollector collector = new(group.MaxFailures);
        FailureOrigin own = new() { WorkflowId = group.WorkflowId };
        foreach (IGroupChild child in failed)
        {
            if (Counts(child, group.Policy)) collector.Add(child.Error!, child.Origin);
        }

        foreach (Exception error in callbackErrors) collector.Add(error, own with { Path = ["(cancellation callback)"] });
        if (group.Source == CancelSource.Deadline && (collector.Count > 0 || body.Errors.Count > 0)) collector.Add(DeadlineError(group), own);
        AddBody(collector, failed, group.Policy, body.Errors, own);
        return collector.Build(group.Name, group.Cause);
    }

    public static DeadlineExceededException DeadlineError(in GroupFacts group) =>
        new($"The deadline of {group.Name} ({group.Deadline}) passed before it had ended.");

    /// <summary>What the body lets through of a child is that child's failure, not another one.</summary>
    private static void AddBody(FailureCollector collector, IReadOnlyList<IGroupChild> failed, GroupPolicy policy, IReadOnlyList<Exception> errors, FailureOrigin own)
    {
        if (errors.Count == 0) return;
        // A body may await all its children at once, and all may have failed.
        Dictionary<Exception, IGroupChild> children = new(failed.Count, ReferenceEqualityComparer.Instance);
        foreach (IGroupChild child in failed) children.TryAdd(child.Error!, child);
        foreach (Exception error in errors)
        {
            if (!children.TryGetValue(error, out IGroupChild? child)) collector.Add(error, own);
            else if (!Counts(child, policy)) collector.Add(error, child.Origin);
        }
    }

    /// <summary>An isolated child's failure is its awaiter's affair, if it has one (R16).</summary>
    private static bool Counts(IGroupChild child, GroupPolicy policy) => policy.ThrowsAtEnd() && !(child.Isolated && child.WasAwaited);
}
