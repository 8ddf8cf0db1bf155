using System.Text;

namespace Sheaf;

/// <summary>Draws a group as a tree, with bounds in every direction (rule E8).</summary>
internal static class TreeText
{
    internal const int DefaultMaxChildren = 20;
    private const int MaxDepth = 8;
    private const int MaxLines = 400;
    private const int MaxMessage = 200;
    private const int MaxTraces = 5;

    internal static string Tree(ExceptionGroup group, int maxChildren) => Draw(group, maxChildren).ToString();

    internal static string WithTraces(ExceptionGroup group)
    {
        StringBuilder text = Draw(group, DefaultMaxChildren);
        HashSet<Exception> instances = new(ReferenceEqualityComparer.Instance);
        HashSet<(string, string, string?)> texts = [];
        // One look beyond what is shown, and not through all leaves of a large group for a distinct one.
        foreach (FailureLeaf leaf in group.Leaves.Take(10 * MaxTraces))
        {
            Exception exception = leaf.Exception;
            if (exception is OmittedFailures || !instances.Add(exception)) continue;
            if (!texts.Add((TypeNames.NameOf(exception), ExceptionText.Message(exception), SafeText.StackTrace(exception)))) continue;
            if (texts.Count > MaxTraces) break;
            text.AppendLine().AppendLine().Append("--- ");
            AppendOrigins(text, leaf.Origins);
            ExceptionText.AppendFull(text, exception);
        }

        if (SafeText.StackTrace(group) is { } stack)
        {
            text.AppendLine().AppendLine().Append("--- the group itself");
            ExceptionText.AppendStack(text, stack);
        }

        return text.ToString();
    }

    private static StringBuilder Draw(ExceptionGroup group, int maxChildren)
    {
        StringBuilder text = new(SafeText.Message(group));
        // Depth and width together could multiply: the number of lines is bounded by itself, too.
        int linesLeft = Math.Max(MaxLines, maxChildren);
        DrawInside(text, group, [], indent: "", depth: 1, maxChildren, ref linesLeft);
        return text;
    }

    private static void DrawInside(
        StringBuilder text, AggregateException group, IReadOnlyList<FailureOrigin> outer, string indent, int depth, int maxChildren, ref int linesLeft)
    {
        if (group is ExceptionGroup { Cause: { } cause })
        {
            text.AppendLine().Append(indent).Append("cause: ").Append(SafeText.FirstLine(cause.ToString(), MaxMessage));
        }

        var children = group.InnerExceptions;
        int shown = 0;
        while (shown < children.Count && shown < maxChildren && linesLeft > 0)
        {
            Exception child = children[shown];
            bool last = shown == children.Count - 1;
            IReadOnlyList<FailureOrigin> origins = OriginPath.Compose(outer, GroupTree.OriginsAt(group, shown));
            text.AppendLine().Append(indent).Append(last ? "└─ " : "├─ ").Append(Label(origins, shown)).Append(": ");
            linesLeft--;
            shown++;
            if (child is OmittedFailures omitted)
            {
                text.Append("… and ").Append(omitted.Count).Append(" more ").Append(omitted.TypeName);
            }
            else if (!GroupTree.IsGroup(child))
            {
                text.Append(TypeNames.NameOf(child)).Append(": ").Append(SafeText.FirstLine(SafeText.Message(child), MaxMessage));
            }
            else
            {
                text.Append(SafeText.FirstLine(ExceptionText.Message(child), MaxMessage));
                string inside = indent + (last ? "   " : "│  ");
                if (depth < MaxDepth) DrawInside(text, (AggregateException)child, origins, inside, depth + 1, maxChildren, ref linesLeft);
                else text.AppendLine().Append(inside).Append("└─ … ").Append(GroupTree.LeafCount(child)).Append(" deeper");
            }
        }

        if (shown == children.Count) return;
        long hidden = children.Skip(shown).Sum(static child => (long)GroupTree.LeafCount(child));
        text.AppendLine().Append(indent).Append("└─ … and ").Append(hidden).Append(" more");
    }

    /// <summary>
    /// The full path of the first origin, so that a line can be searched for; the place among the children where there is none.
    /// </summary>
    private static string Label(IReadOnlyList<FailureOrigin> origins, int index)
    {
        string path = origins.Count == 0 ? "" : SafeText.FirstLine(origins[0].ToString(), MaxMessage);
        if (path.Length == 0) path = $"#{index + 1}";
        return origins.Count > 1 ? $"{path} (and {origins.Count - 1} more)" : path;
    }

    private static void AppendOrigins(StringBuilder text, IReadOnlyList<FailureOrigin> origins)
    {
        if (origins.Count == 0) return;
        FailureOrigin origin = origins[0];
        string[] details =
        [
            .. new[]
            {
                origin.ToString(),
                origin.WorkflowId is { } workflow ? $"workflow {workflow}" : "",
                origin.Worker is { } worker ? $"worker {worker}" : "",
                origin.Silo is { } silo ? $"silo {silo}" : "",
                origin.Attempt > 1 ? $"attempt {origin.Attempt}" : "",
                origin.Delivery > 1 ? $"delivery {origin.Delivery}" : "",
                origin.TraceId is { } trace ? $"trace {trace}" : "",
                origins.Count > 1 ? $"and {origins.Count - 1} more" : "",
            }.Where(static detail => detail.Length > 0),
        ];
        if (details.Length > 0) text.Append(SafeText.FirstLine(string.Join(", ", details), MaxMessage * 2)).AppendLine();
    }
}
