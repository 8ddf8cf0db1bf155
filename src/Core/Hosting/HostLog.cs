using Microsoft.Extensions.Logging;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>The host's log messages.</summary>
internal static partial class HostLog
{
    [LoggerMessage(EventId = 10, Level = LogLevel.Error, Message = "Workflow {Workflow} cannot go on.")]
    public static partial void WorkflowStopped(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 11, Level = LogLevel.Warning, Message = "It is not known whether a commit of workflow {Workflow} was written; its journal is read again. {HeldBack} such messages were held back since the last one.")]
    public static partial void CommitUnknown(ILogger logger, string workflow, int heldBack, Exception error);

    [LoggerMessage(EventId = 12, Level = LogLevel.Error, Message = "Workflow {Workflow} is stuck.")]
    public static partial void WorkflowStuck(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning, Message = "The services of workflow {Workflow} failed to be disposed of.")]
    public static partial void WorkflowDisposeFailed(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 14, Level = LogLevel.Warning, Message = "The journal of workflow {Workflow} could not be read; it is asked again. {HeldBack} such messages were held back since the last one.")]
    public static partial void JournalUnreadable(ILogger logger, string workflow, int heldBack, Exception error);

    [LoggerMessage(EventId = 15, Level = LogLevel.Warning, Message = "The journal of workflow {Workflow}, which has continued as new, could not be trimmed; it is tried again when it continues again.")]
    public static partial void TrimFailed(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 16, Level = LogLevel.Warning, Message = "The journal could not be told that workflow {Workflow} only waits; it stays in memory, and the journal is told later.")]
    public static partial void NotMarked(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 17, Level = LogLevel.Warning, Message = "Workflow {Workflow} is due and could not be taken up; it is tried again.")]
    public static partial void NotWoken(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 18, Level = LogLevel.Information, Message = "The clock has jumped: it was set, or the machine slept. What is due by it now goes on.")]
    public static partial void ClockJumped(ILogger logger);

    [LoggerMessage(EventId = 19, Level = LogLevel.Warning, Message = "An append of {Count} commits failed; each is written by itself now. If that goes on, the store takes single commits and no batches, and is slower by as many appends: see the error. {HeldBack} such messages were held back since the last one.")]
    public static partial void BatchFailed(ILogger logger, int count, int heldBack, Exception error);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "A turn of workflow {Workflow} has taken {Elapsed} until now, and nothing else of it happens meanwhile. Does its code block, as with .Result, .Wait() or a loop that never awaits?")]
    public static partial void LongTurn(ILogger logger, string workflow, TimeSpan elapsed);

    [LoggerMessage(EventId = 25, Level = LogLevel.Warning, Message = "Workflow {Workflow} waits for nothing of its own: no child, delay or signal is open, and its code has not ended. It goes on if it waits for its cancellation; does it await something that is not the workflow's?")]
    public static partial void WaitsForNothing(ILogger logger, string workflow);

    [LoggerMessage(EventId = 26, Level = LogLevel.Information, Message = "No more of the code of workflow {Workflow} runs; it ends when what it has running has. {Reason}")]
    public static partial void WorkflowTerminated(ILogger logger, string workflow, string reason);

    [LoggerMessage(EventId = 20, Level = LogLevel.Error, Message = "A task of the host failed that should not be able to.")]
    public static partial void TaskFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 21, Level = LogLevel.Error, Message = "{Count} tasks, workers that ignore their tokens among them, still ran {Bound} after the host was asked to stop.")]
    public static partial void StillRunning(ILogger logger, int count, TimeSpan bound);

    [LoggerMessage(EventId = 22, Level = LogLevel.Information, Message = "Workflow {Workflow} has another owner now; this host does nothing more for it.")]
    public static partial void WorkflowLost(ILogger logger, string workflow);

    [LoggerMessage(EventId = 23, Level = LogLevel.Information, Message = "Delivery {Delivery} of child {Child} of workflow {Workflow} ended late, as {Outcome}: nobody waited for it any more, and it changes nothing.")]
    public static partial void EndedLate(ILogger logger, string workflow, ChildId child, int delivery, OutcomeKind outcome);
}
