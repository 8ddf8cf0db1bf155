namespace Sheaf;

/// <summary>
/// How the outcomes of its children affect a task group (rule R10). A policy answers two questions: does a failure
/// cancel the siblings now, and does it make the group throw at the end?
/// </summary>
/// <remarks>A failure of the group's own body always throws: without the body there is no result.</remarks>
public enum GroupPolicy
{
    /// <summary>Cancels the siblings, and throws. The default.</summary>
    FailFast = 0,

    /// <summary>Lets the siblings run to their end, then throws all failures.</summary>
    CollectAll = 1,

    /// <summary>Lets the siblings run, and does not throw: failures are in the outcomes only.</summary>
    Settle = 2,
}
