namespace Sheaf;

/// <summary>
/// A child had not ended when its group's grace period was over, counted from the request to cancel it, and was given up (rule
/// R9). What it does later changes nothing.
/// </summary>
/// <remarks>A leaf among the failures of the group.</remarks>
public sealed class ChildAbandonedException : Exception
{
    /// <summary>Creates the exception with a message of one's own.</summary>
    /// <param name="message">Which child, and how long it was waited for.</param>
    /// <param name="innerException">What led to it, or <see langword="null"/>.</param>
    public ChildAbandonedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    internal static ChildAbandonedException Of(string child, TimeSpan grace) =>
        new($"Child '{child}' was cancelled, had not ended {grace} later, and was given up: it ignores its token.");
}
