namespace Sheaf;

/// <summary>What kind of thing cancelled a task group, a child or a workflow (rule C1).</summary>
public enum CancellationCauseKind
{
    /// <summary>Somebody asked: <c>group.Cancel(reason)</c>, the client's cancel, or the caller's token.</summary>
    Requested = 0,

    /// <summary>A sibling failed under <see cref="GroupPolicy.FailFast"/>.</summary>
    SiblingFailed = 1,

    /// <summary>The scope around this one was cancelled; <see cref="CancellationCause.Parent"/> says why, where it is known.</summary>
    ParentCancelled = 2,

    /// <summary>A deadline, or the time to move on after, was reached.</summary>
    DeadlineExceeded = 3,

    /// <summary>Another child of a race or quorum made this one's result unnecessary.</summary>
    RaceLost = 4,
}
