namespace Sheaf;

/// <summary>Compares failures without recursion.</summary>
internal static class FailureEquality
{
    internal static bool Same(Failure left, Failure? right)
    {
        if (right is null) return false;
        Stack<(Failure, Failure)> open = new();
        open.Push((left, right));
        while (open.TryPop(out (Failure A, Failure B) pair))
        {
            (Failure a, Failure b) = pair;
            if (ReferenceEquals(a, b)) continue;
            if (!SameBesidesInner(a, b) || a.Inner.Count != b.Inner.Count) return false;
            for (int i = 0; i < a.Inner.Count; i++) open.Push((a.Inner[i], b.Inner[i]));
        }

        return true;
    }

    private static bool SameBesidesInner(Failure a, Failure b) =>
        string.Equals(a.TypeName, b.TypeName, StringComparison.Ordinal)
        && string.Equals(a.Message, b.Message, StringComparison.Ordinal)
        && string.Equals(a.StackTrace, b.StackTrace, StringComparison.Ordinal)
        && a.IsGroup == b.IsGroup
        && a.OmittedCount == b.OmittedCount
        && a.Cause == b.Cause
        && a.BaseTypeNames.SequenceEqual(b.BaseTypeNames, StringComparer.Ordinal)
        && a.Origins.SequenceEqual(b.Origins)
        && a.Data.Count == b.Data.Count
        && a.Data.All(entry =>
            b.Data.TryGetValue(entry.Key, out string? value) && string.Equals(entry.Value, value, StringComparison.Ordinal));
}
