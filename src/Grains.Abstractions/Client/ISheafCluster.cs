namespace Sheaf;

/// <summary>Looks at what runs where in a cluster.</summary>
/// <remarks>Thread-safe. For people and tests: a call asks every silo.</remarks>
public interface ISheafCluster
{
    /// <summary>All children that run somewhere.</summary>
    /// <param name="cancellationToken">Gives up the call.</param>
    Task<IReadOnlyList<RunningChild>> GetRunningAsync(CancellationToken cancellationToken = default);

    /// <summary>Children that run though their group is gone (rule C5). There should be none, but for those that were just signalled and have not ended.</summary>
    /// <param name="cancellationToken">Gives up the call.</param>
    Task<IReadOnlyList<RunningChild>> AuditAsync(CancellationToken cancellationToken = default);
}
