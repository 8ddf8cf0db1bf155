namespace Sheaf;

/// <summary>
/// A group's <see cref="TaskGroupOptions.Deadline"/> passed before the group had ended (rule R7). Thrown by itself where
/// nothing failed, else as one leaf of the exception group.
/// </summary>
public sealed class DeadlineExceededException : TimeoutException
{
    /// <summary>Creates the exception with a message of one's own.</summary>
    /// <param name="message">What ran out of time.</param>
    /// <param name="innerException">What led to it, or <see langword="null"/>.</param>
    public DeadlineExceededException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
