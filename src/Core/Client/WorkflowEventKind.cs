namespace Sheaf;

/// <summary>What kind of thing happened in a workflow. More kinds may be added: let unknown ones pass.</summary>
public enum WorkflowEventKind
{
    /// <summary>The workflow began.</summary>
    WorkflowStarted = 0,

    /// <summary>A child was started; it may wait for a place.</summary>
    ChildStarted = 1,

    /// <summary>A child ended.</summary>
    ChildEnded = 2,

    /// <summary>An attempt failed, and another will follow.</summary>
    AttemptFailed = 3,

    /// <summary>A delivery was lost with its worker.</summary>
    DeliveryLost = 4,

    /// <summary>A group, branch or the workflow was cancelled.</summary>
    Cancelled = 5,

    /// <summary>The workflow ended.</summary>
    WorkflowEnded = 6,

    /// <summary>The workflow continued as new: its code began again with another input, and its children with it.</summary>
    WorkflowContinued = 7,

    /// <summary>A child that was started with <see cref="WorkflowGroup.StartAsync{TIn, TReady, TOut}(string, IWorkerRef{ReadyWorker{TIn, TReady, TOut}}, TIn, ChildOptions?)"/> said that it is ready (rule R14).</summary>
    ChildReady = 8,
}
