using Microsoft.Extensions.Logging;

namespace Sheaf.Grains;

/// <summary>The log messages of a silo's part.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "A batch for silo {Silo} has not arrived; it is sent again. {HeldBack} such messages were held back since the last one.")]
    public static partial void DeliveryFailed(ILogger logger, string silo, int heldBack, Exception error);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message = "Ends of children have not reached silo {Silo}; they are sent again. {HeldBack} such messages were held back since the last one.")]
    public static partial void OutcomesFailed(ILogger logger, string silo, int heldBack, Exception error);

    [LoggerMessage(EventId = 42, Level = LogLevel.Warning, Message = "Nothing was heard of silo {Silo} for longer than the lease: {Count} of its children here were signalled.")]
    public static partial void Lapsed(ILogger logger, string silo, int count);

    [LoggerMessage(EventId = 43, Level = LogLevel.Information, Message = "{Count} workflows that no live silo owns were taken over.")]
    public static partial void TakenOver(ILogger logger, int count);

    [LoggerMessage(EventId = 44, Level = LogLevel.Error, Message = "Workflows that no live silo owns could not be taken over; it is tried again.")]
    public static partial void TakeOverFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 45, Level = LogLevel.Warning, Message = "Silo {Silo} has not said yet what it can run; it is asked again. {HeldBack} such messages were held back since the last one.")]
    public static partial void InfoFailed(ILogger logger, string silo, int heldBack, Exception error);

    [LoggerMessage(EventId = 54, Level = LogLevel.Information, Message = "Silo {Silo} runs without Sheaf: no workflow and no child is there.")]
    public static partial void Stranger(ILogger logger, string silo);

    [LoggerMessage(EventId = 46, Level = LogLevel.Error, Message = "The ownership of this silo's workflows could not be given up; others take them over once it is dead in membership.")]
    public static partial void ReleaseFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 47, Level = LogLevel.Error, Message = "{Count} workers and workflows still ran when the silo stopped.")]
    public static partial void StillRunning(ILogger logger, int count);

    [LoggerMessage(EventId = 48, Level = LogLevel.Warning, Message = "Workflow {Workflow} was taken over, and its grain could not be asked to take it up.")]
    public static partial void ResumeFailed(ILogger logger, string workflow, Exception error);

    [LoggerMessage(EventId = 49, Level = LogLevel.Error, Message = "A periodic task of the silo failed; it goes on.")]
    public static partial void PeriodicFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 50, Level = LogLevel.Warning, Message = "Silo {Silo} could not be asked on behalf of child {Child}, which wants a sibling or is ready; the workflow's owner is asked again. {HeldBack} such messages were held back since the last one.")]
    public static partial void AskFailed(ILogger logger, string silo, string child, int heldBack, Exception error);

    [LoggerMessage(EventId = 51, Level = LogLevel.Warning, Message = "Silo {Silo} could not be told that this one stops; it finds out from membership.")]
    public static partial void GoodbyeFailed(ILogger logger, string silo, Exception error);

    [LoggerMessage(EventId = 52, Level = LogLevel.Warning, Message = "The journal's store did not answer a caller's question; the caller asks again. {HeldBack} such messages were held back since the last one.")]
    public static partial void StoreAway(ILogger logger, int heldBack, Exception error);

    [LoggerMessage(EventId = 53, Level = LogLevel.Warning, Message = "{Count} workflows that this silo owned and did not run were taken up: the answer to their claim may have been lost.")]
    public static partial void TakenUp(ILogger logger, int count);

    [LoggerMessage(EventId = 55, Level = LogLevel.Error, Message = "Child '{Child}' of workflow {Workflow} is more than a message of the cluster can carry; it fails.")]
    public static partial void ChildTooLarge(ILogger logger, string child, string workflow, Exception error);
}
