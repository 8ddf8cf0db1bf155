namespace Sheaf;

/// <summary>The two questions of rule R10, answered in one place for every host.</summary>
internal static class GroupPolicies
{
    public static bool CancelsSiblings(this GroupPolicy policy) => policy switch
    {
        GroupPolicy.FailFast => true,
        GroupPolicy.CollectAll or GroupPolicy.Settle => false,
        _ => throw Unknown(policy),
    };

    public static bool ThrowsAtEnd(this GroupPolicy policy) => policy switch
    {
        GroupPolicy.FailFast or GroupPolicy.CollectAll => true,
        GroupPolicy.Settle => false,
        _ => throw Unknown(policy),
    };

    public static ArgumentOutOfRangeException Unknown(GroupPolicy policy) =>
        new(nameof(policy), policy, "Not a group policy. Use FailFast, CollectAll or Settle.");
}
