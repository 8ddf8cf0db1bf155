namespace Sheaf.Samples.Agent;

/// <summary>A workflow's start was interrupted, and nobody has said whether it is there. The message says so, and what to do.</summary>
public sealed class StartNotAnsweredException(WorkflowId id, TimeSpan within, CancellationToken interruption) : OperationCanceledException(
    $"Neither the start of workflow '{id}' nor its cancellation was answered within {within.TotalSeconds:0} s. It may begin yet: look for it, and cancel it.",
    interruption);
