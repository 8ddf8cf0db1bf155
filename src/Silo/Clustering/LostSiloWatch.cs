using Npgsql;

namespace Sheaf.Silo.Clustering;

/// <summary>Has the rows of a lost cluster declared dead while this silo joins.</summary>
/// <remarks>
/// It runs beside joining, not before it, so that a usual start waits for nothing. Once this silo is Active it is over: from then
/// on there is somebody to vote.
/// </remarks>
internal sealed class LostSiloWatch(LostSilos lost, ISiloStatusOracle oracle, TimeProvider time, ILogger<LostSiloWatch> logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>Watches until this silo is Active, or ends.</summary>
    /// <param name="cancellationToken">Ends the watch; it then returns, and throws nothing.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (oracle.CurrentStatus is SiloStatus.None or SiloStatus.Created or SiloStatus.Joining)
            {
                await LookAsync(cancellationToken).ConfigureAwait(false);
                await Task.Delay(Period, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (SilentSilo silo in await lost.ClearAsync(cancellationToken).ConfigureAwait(false))
                ClusteringLog.DeclaredDead(logger, silo);
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            // Joining needs the same database and says so; here the next look is as good.
            ClusteringLog.LookFailed(logger, error);
        }
    }
}
