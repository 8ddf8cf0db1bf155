namespace Sheaf;

/// <summary>Whether a failure is worth another attempt, for exceptions and for failures as data.</summary>
internal static class RetryFilter
{
    /// <summary>Judges live exceptions: every leaf has to be worth it. May throw what the policy's predicate throws.</summary>
    public static bool IsWorthRetry(this RetryPolicy policy, Exception exception)
    {
        if (!GroupTree.IsGroup(exception)) return policy.IsWorthRetry(TypeNames.Of(exception)) && (policy.When?.Invoke(exception) ?? true);
        foreach (Exception leaf in GroupTree.Leaves(exception))
        {
            if (!policy.IsWorthRetry(leaf)) return false;
        }

        return true;
    }

    /// <summary>Judges a failure from another process, by its type's name and the names of its base types.</summary>
    public static bool IsWorthRetry(this RetryPolicy policy, Failure failure)
    {
        if (!failure.IsGroup) return policy.IsWorthRetry(new TypeNames(failure.TypeName, failure.BaseTypeNames));
        foreach (Failure inner in failure.Inner)
        {
            if (!policy.IsWorthRetry(inner)) return false;
        }

        return true;
    }

    private static bool IsWorthRetry(this RetryPolicy policy, TypeNames type) =>
        !Names(policy.ExceptTypes, type) && (policy.OnTypes.Count == 0 || Names(policy.OnTypes, type));

    private static bool Names(IReadOnlyList<string> list, TypeNames type) => list.Contains(type.Name) || type.BaseNames.Any(list.Contains);
}
