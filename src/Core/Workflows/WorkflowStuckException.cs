namespace Sheaf;

/// <summary>
/// A workflow's code cannot go on: it awaited something foreign, left its scheduler, or differs from its journal (rule D3).
/// The workflow has not ended and nothing is lost: it goes on after a fix.
/// </summary>
public class WorkflowStuckException : Exception
{
    /// <summary>Creates the exception with a message of one's own.</summary>
    /// <param name="message">The workflow, the place, the reason, the remedy.</param>
    /// <param name="innerException">What led to it, or <see langword="null"/>.</param>
    public WorkflowStuckException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
