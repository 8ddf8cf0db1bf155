namespace Sheaf;

/// <summary>What cancelled a group, as far as its end depends on it.</summary>
internal enum CancelSource
{
    /// <summary>Nothing did.</summary>
    None = 0,

    /// <summary>A failure under fail-fast, or a failure of the body.</summary>
    Failure,

    /// <summary>The group itself: <c>Cancel</c> or <c>MoveOnAfter</c>. Absorbed (R6).</summary>
    Own,

    /// <summary>The caller's token or the scope around the group (R5).</summary>
    Outside,

    /// <summary>The deadline (R7).</summary>
    Deadline,
}

/// <summary>How a group ends, towards who ran it.</summary>
internal enum GroupVerdict
{
    /// <summary>The body's value is returned.</summary>
    Return = 0,

    /// <summary>All failures are thrown as one group.</summary>
    ThrowFailures,

    /// <summary><see cref="OperationCanceledException"/> for the caller's token.</summary>
    ThrowCancelled,

    /// <summary><see cref="DeadlineExceededException"/> by itself.</summary>
    ThrowDeadline,

    /// <summary>There is no value and nothing to blame: a clean end, or <see cref="GroupCancelledException"/> where a value was due.</summary>
    EndWithoutValue,
}

/// <summary>The decision table of rules R3 and R5 to R7, shared by every host.</summary>
internal static class GroupVerdicts
{
    /// <summary>How the group ends.</summary>
    /// <param name="source">What cancelled the group.</param>
    /// <param name="hasFailures">Whether there are failures that count by the policy, the body's own included.</param>
    /// <param name="bodySucceeded">Whether the body returned; if not, it was interrupted.</param>
    /// <param name="anyChildCancelled">Whether a child was cancelled, abandoned or never started.</param>
    public static GroupVerdict Decide(CancelSource source, bool hasFailures, bool bodySucceeded, bool anyChildCancelled)
    {
        if (hasFailures) return GroupVerdict.ThrowFailures;
        if (bodySucceeded && !anyChildCancelled) return GroupVerdict.Return;
        return source switch
        {
            CancelSource.Outside => GroupVerdict.ThrowCancelled,
            CancelSource.Deadline => GroupVerdict.ThrowDeadline,
            _ => bodySucceeded ? GroupVerdict.Return : GroupVerdict.EndWithoutValue,
        };
    }
}
