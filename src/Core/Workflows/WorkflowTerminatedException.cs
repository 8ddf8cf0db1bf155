namespace Sheaf;

/// <summary>
/// A workflow was ended from outside, without its code (<see cref="IWorkflowClient.TerminateAsync"/>). It is the one failure of such a
/// workflow; what its children had failed with by then is in its description.
/// </summary>
public sealed class WorkflowTerminatedException : Exception
{
    /// <summary>Creates the exception with a message of one's own.</summary>
    /// <param name="message">Which workflow, by whom, why.</param>
    /// <param name="innerException">What led to it, or <see langword="null"/>.</param>
    public WorkflowTerminatedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    internal static WorkflowTerminatedException Of(WorkflowId workflow, CancellationCause cause) =>
        new($"Workflow '{workflow}' was terminated{(cause.By is { } by ? $" by '{by}'" : "")}{(cause.Reason is { } reason ? $": {reason}" : ", with no reason given")}");
}
