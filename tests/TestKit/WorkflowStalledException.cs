namespace Sheaf.Testing;

/// <summary>A test waits for a workflow that cannot go on: nothing runs, and no timer is due. The message says what it waits for.</summary>
/// <param name="message">What stands still, and why.</param>
public sealed class WorkflowStalledException(string message) : InvalidOperationException(message);
