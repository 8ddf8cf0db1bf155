namespace Sheaf;

/// <summary>How a child ended.</summary>
public enum OutcomeKind
{
    /// <summary>It returned its value.</summary>
    Succeeded = 0,

    /// <summary>An exception left it that was not its own, requested cancellation (rule R4).</summary>
    Failed = 1,

    /// <summary>It ended because its token was signalled.</summary>
    Cancelled = 2,

    /// <summary>It ignored cancellation for longer than the grace period and was fenced off (rule R9).</summary>
    Abandoned = 3,

    /// <summary>Its group was cancelled while it waited for a place in the window or for a permit.</summary>
    NotStarted = 4,
}
