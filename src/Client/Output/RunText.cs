using Sheaf.Samples.Agent.Output;

namespace Sheaf.Client.Output;

/// <summary>How a run went, in a few lines: counts by outcome, where it ran, what cancelled it.</summary>
internal static class RunText
{
    public static IEnumerable<string> Lines(WorkflowDescription description)
    {
        ChildDescription[] leaves = [.. Leaves(description.Children)];
        yield return $"{leaves.Length} children: {Counts(leaves)}";
        foreach (IGrouping<string, ChildDescription> silo in leaves.Where(leaf => leaf.Silo is not null).GroupBy(leaf => leaf.Silo!).OrderBy(silo => silo.Key, StringComparer.Ordinal))
            yield return $"  {silo.Key} ran {silo.Count()}";
        int again = leaves.Count(leaf => leaf.Delivery > 1);
        if (again > 0) yield return $"  {again} delivered more than once, because their silo was lost or stopped";
        if (description.Cause is not { } cause) yield break;
        yield return Printable.Line($"cancelled: {cause}");
        if (leaves.Where(leaf => leaf.EndedAt >= cause.At).Max(leaf => leaf.EndedAt) is { } last && leaves.All(leaf => leaf.EndedAt is not null))
            yield return $"all had ended {(last - cause.At).TotalMilliseconds:0} ms later";
    }

    /// <summary>How many ended how, such as <c>997 succeeded, 3 failed</c>.</summary>
    public static string Counts(IReadOnlyCollection<ChildDescription> children) => children.Count == 0 ? "none" : string.Join(
        ", ",
        children.GroupBy(Word, StringComparer.Ordinal).OrderByDescending(group => group.Count()).Select(group => $"{group.Count()} {group.Key}"));

    /// <summary>How a child ended, or what it does.</summary>
    public static string Word(ChildDescription child) => child.Outcome switch
    {
        OutcomeKind.Succeeded => "succeeded",
        OutcomeKind.Failed => "failed",
        OutcomeKind.Cancelled => "cancelled",
        OutcomeKind.Abandoned => "abandoned",
        OutcomeKind.NotStarted => "not started",
        _ => child.Status switch
        {
            "BackingOff" => "backing off",
            "Running" when child.IsReady => "ready",
            var status => status.ToLowerInvariant(),
        },
    };

    private static IEnumerable<ChildDescription> Leaves(IEnumerable<ChildDescription> children) =>
        children.SelectMany(child => child.Kind is "Group" or "Branch" ? Leaves(child.Children) : [child]);
}
