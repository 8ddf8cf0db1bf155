namespace Sheaf;

/// <summary>Looks at what runs where in a cluster, and deletes what has ended long ago.</summary>
/// <remarks>Thread-safe. For people and tests: a look asks every silo.</remarks>
public interface ISheafCluster
{
    /// <summary>All children that run somewhere.</summary>
    /// <param name="cancellationToken">Gives up the call.</param>
    Task<IReadOnlyList<RunningChild>> GetRunningAsync(CancellationToken cancellationToken = default);

    /// <summary>Children that run though their group is gone (rule C5). There should be none, but for those that were just signalled and have not ended.</summary>
    /// <param name="cancellationToken">Gives up the call.</param>
    Task<IReadOnlyList<RunningChild>> AuditAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Deletes workflows that have ended, with their entries, those first that ended first. Their results and events are gone, and
    /// their ids are free again: a start with one of them is a new workflow.
    /// </summary>
    /// <param name="endedBefore">Only those that ended before this instant, by the clock of the silo where they ended. What runs, waits or is stuck stays.</param>
    /// <param name="cancellationToken">Stops between pages of some hundred. What is deleted stays deleted, and a page under way may be deleted too.</param>
    /// <returns>How many were deleted, as far as answers arrived: a page whose silo was lost before it had answered is not counted.</returns>
    /// <remarks>Safe to repeat, and to run more than once at a time. Each page is one transaction of the journal.</remarks>
    Task<long> PurgeAsync(DateTimeOffset endedBefore, CancellationToken cancellationToken = default);
}
