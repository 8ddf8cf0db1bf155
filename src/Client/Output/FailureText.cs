using System.Text;
using Sheaf.Samples.Agent.Output;

namespace Sheaf.Client.Output;

/// <summary>
/// An exception group as a tree, a leaf with child, type and message, and below it where it came from; then the first failure of each
/// type in full. Nothing here needs the thrower's assembly: types are names.
/// </summary>
internal static class FailureText
{
    private const int MaxInFull = 5;

    public static string Of(ExceptionGroup failures)
    {
        var text = new StringBuilder().AppendLine(Printable.Line(failures.Message));
        Draw(text, failures, failures, "");
        var types = new HashSet<string>(StringComparer.Ordinal);
        foreach (FailureLeaf leaf in failures.Leaves)
        {
            if (leaf.Exception is OmittedFailures) continue;
            var failure = Failure.From(leaf.Exception);
            if (types.Count >= MaxInFull || !types.Add(failure.TypeName)) continue;
            text.AppendLine();
            InFull(text, failure, leaf);
        }

        return text.ToString().TrimEnd();
    }

    private static void Draw(StringBuilder text, ExceptionGroup root, ExceptionGroup group, string indent)
    {
        if (group.Cause is { } cause) text.AppendLine(Printable.Line($"{indent}cause: {cause}"));
        for (int i = 0; i < group.InnerExceptions.Count; i++)
        {
            Exception child = group.InnerExceptions[i];
            bool last = i == group.InnerExceptions.Count - 1;
            string branch = indent + (last ? "└─ " : "├─ ");
            string inside = indent + (last ? "   " : "│  ");
            FailureOrigin? origin = root.OriginsOf(child) is [var first, ..] ? first : null;
            if (child is OmittedFailures omitted)
            {
                text.AppendLine(Printable.Line($"{branch}… and {omitted.Count} more {omitted.TypeName}"));
            }
            else if (child is AggregateException)
            {
                var nested = ExceptionGroup.From(child);
                text.AppendLine(Printable.Line($"{branch}{nested.Message}"));
                Draw(text, root, nested, inside);
            }
            else
            {
                string path = origin?.ToString() is { Length: > 0 } known ? known : $"#{i + 1}";
                text.AppendLine(Printable.Line($"{branch}{path}: {Failure.From(child)}"));
                if (Where(origin) is { Length: > 0 } where) text.AppendLine(Printable.Line($"{inside}   {where}"));
            }
        }
    }

    private static string Where(FailureOrigin? origin) => origin is null ? "" : string.Join(", ", new[]
    {
        origin.Worker is { } worker ? $"worker {worker}" : "",
        origin.Silo is { } silo ? $"silo {silo}" : "",
        $"attempt {origin.Attempt}",
        origin.Delivery > 0 ? $"delivery {origin.Delivery}" : "",
        origin.WorkflowId is { } workflow ? $"workflow {workflow}" : "",
    }.Where(part => part.Length > 0));

    private static void InFull(StringBuilder text, Failure failure, FailureLeaf leaf)
    {
        // What is the workflow's own has no path.
        string whose = leaf.Origins is not [var origin, ..] ? "" : origin.ToString() is { Length: > 0 } path ? path : origin.WorkflowId ?? "";
        text.AppendLine(Printable.Line($"{failure.TypeName}{(whose.Length > 0 ? $" (of {whose})" : "")}"));
        if (failure.BaseTypeNames.Count > 0) text.AppendLine(Printable.Line($"  base types: {string.Join(", ", failure.BaseTypeNames)}"));
        text.AppendLine(Printable.Line($"  message: {failure.Message}"));
        if (failure.StackTrace is not { } stack) return;
        text.AppendLine("  remote stack:");
        foreach (string line in Printable.Clean(stack).Split('\n')) text.AppendLine($"  {line.TrimEnd('\r')}");
    }
}
