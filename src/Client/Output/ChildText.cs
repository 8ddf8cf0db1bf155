using Sheaf.Samples.Agent.Output;

namespace Sheaf.Client.Output;

/// <summary>A workflow's children as a tree.</summary>
internal static class ChildText
{
    /// <summary>How many children of a group are shown that stand alike.</summary>
    public const int Alike = 10;

    /// <summary>The workflow, then a line or two a child.</summary>
    public static IEnumerable<string> Tree(WorkflowDescription workflow, int alike)
    {
        string ended = workflow.EndedAt is { } end ? $", ended {end:u} after {Printable.Duration(end - workflow.CreatedAt)}" : "";
        yield return Printable.Line($"{workflow.Id}: {workflow.Workflow}, {workflow.Status}, started {workflow.CreatedAt:u}{ended}, {workflow.JournalLength} journal entries");
        if (workflow.Cause is { } cause) yield return Printable.Line($"cancelled: {cause}");
        if (workflow.StuckReason is { } stuck) yield return Printable.Line($"stuck: {stuck}");
        if (workflow.WaitsFor is { } waits) yield return Printable.Line($"waits for {waits}");
        if (workflow.Signals.Count > 0) yield return Printable.Line($"signals that nobody has waited for: {string.Join(", ", workflow.Signals.GroupBy(name => name, StringComparer.Ordinal).Select(same => same.Count() == 1 ? same.Key : $"{same.Key} ({same.Count()})"))}");
        foreach (string line in Tree(workflow.Children, "", alike)) yield return line;
    }

    private static IEnumerable<string> Tree(IReadOnlyList<ChildDescription> children, string indent, int alike)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var shown = new List<ChildDescription>();
        foreach (ChildDescription child in children)
        {
            string word = RunText.Word(child);
            seen[word] = seen.GetValueOrDefault(word) + 1;
            if (seen[word] <= alike) shown.Add(child);
        }

        string[] hidden = [.. seen.Where(pair => pair.Value > alike).Select(pair => $"… and {pair.Value - alike} more {pair.Key}")];
        int rows = shown.Count + hidden.Length;
        for (int i = 0; i < shown.Count; i++)
        {
            bool last = i == rows - 1;
            string inside = indent + (last ? "   " : "│  ");
            yield return Printable.Line($"{indent}{(last ? "└─ " : "├─ ")}{Describe(shown[i])}");
            if (shown[i].Failure is { IsGroup: false } failure) yield return Printable.Line($"{inside}   {failure}");
            foreach (string line in Tree(shown[i].Children, inside, alike)) yield return line;
        }

        for (int i = 0; i < hidden.Length; i++) yield return $"{indent}{(i == hidden.Length - 1 ? "└─ " : "├─ ")}{hidden[i]}";
    }

    private static string Describe(ChildDescription child)
    {
        string[] parts =
        [
            RunText.Word(child),
            child.Kind is "Group" or "Branch" ? $"{child.Children.Count} children: {RunText.Counts(child.Children)}" : "",
            child.Worker is { } worker ? $"worker {worker}" : child.Kind is "Group" or "Branch" ? "" : child.Kind.ToLowerInvariant(),
            child.Silo is { } silo ? $"silo {silo}" : "",
            child.Attempt > 0 ? $"attempt {child.Attempt}" : "",
            child.Delivery > 0 ? $"delivery {child.Delivery}" : "",
            child is { StartedAt: { } started, EndedAt: { } ended } ? Printable.Duration(ended - started) : "",
            child.Cause is { } cause ? $"cause: {cause}" : "",
        ];
        return $"{child.Name}: {string.Join(", ", parts.Where(part => part.Length > 0))}";
    }
}
