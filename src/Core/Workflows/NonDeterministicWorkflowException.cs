namespace Sheaf;

/// <summary>A workflow's code did something else than its journal says it did before (rule D3): the message has both.</summary>
public sealed class NonDeterministicWorkflowException : WorkflowStuckException
{
    /// <summary>Creates the exception with a message of one's own.</summary>
    /// <param name="message">The entry, and what the code did instead.</param>
    /// <param name="innerException">What led to it, or <see langword="null"/>.</param>
    public NonDeterministicWorkflowException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
