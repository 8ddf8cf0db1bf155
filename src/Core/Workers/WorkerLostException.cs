namespace Sheaf;

/// <summary>
/// A child was delivered as often as allowed (5 times in one attempt), and each time the worker was lost with its process
/// (rule D2). The input may be what kills them.
/// </summary>
public sealed class WorkerLostException : Exception
{
    /// <summary>Creates the exception with a message of one's own.</summary>
    /// <param name="message">Which child, how often, why.</param>
    /// <param name="innerException">What led to it, or <see langword="null"/>.</param>
    public WorkerLostException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
