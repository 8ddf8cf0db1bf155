using System.Text;

namespace Sheaf;

/// <summary>A group's one-line message: its title and counts, never its descendants' messages (rule E1).</summary>
internal static class GroupText
{
    private const int MaxTypes = 4;

    /// <summary>Such as <c>tools (3 failures: 2 FormatException, 1 IOException)</c>; the counts alone where there is no title.</summary>
    internal static string Message(AggregateException group)
    {
        string title = GroupTree.TitleOf(group);
        string counts = Counts(group);
        return title.Length == 0 ? counts : $"{title} ({counts})";
    }

    private static string Counts(AggregateException group)
    {
        OrderedDictionary<string, int> types = GroupTree.CountByType(group);
        long total = types.Values.Sum(static count => (long)count);
        StringBuilder text = new();
        text.Append(total).Append(total == 1 ? " failure: " : " failures: ");
        if (total == 1) return text.Append(TypeNames.Short(types.GetAt(0).Key)).ToString();

        // The sort is stable: types with the same count stay in the order in which they occur.
        string separator = "";
        foreach ((string type, int count) in types.OrderByDescending(static pair => pair.Value).Take(MaxTypes))
        {
            text.Append(separator).Append(count).Append(' ').Append(TypeNames.Short(type));
            separator = ", ";
        }

        if (types.Count > MaxTypes) text.Append(", … ").Append(types.Count - MaxTypes).Append(" more types");
        return text.ToString();
    }
}
