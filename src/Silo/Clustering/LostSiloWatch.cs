using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;

namespace Sheaf.Silo.Clustering;

/// <summary>While this silo joins: looks for rows of a lost cluster, tries their endpoints, and has them declared dead.</summary>
/// <remarks>
/// It runs beside joining, not before it, so that a usual start waits for nothing. Once this silo is Active it is over: from then
/// on there is somebody to vote.
/// </remarks>
internal sealed class LostSiloWatch(
    LostSilos lost,
    ISiloStatusOracle oracle,
    IOptions<ClusterMembershipOptions> membership,
    TimeProvider time,
    ILogger<LostSiloWatch> logger)
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
                await TryLookAsync(cancellationToken).ConfigureAwait(false);
                await Task.Delay(Period, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private async Task TryLookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LookAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            // Joining needs the same database and says so; here the next look is as good.
            ClusteringLog.LookFailed(logger, error);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<SilentSilo> silent = await lost.FindAsync(cancellationToken).ConfigureAwait(false);
        if (silent.Count == 0) return;
        bool[] answers = await Task.WhenAll(silent.Select(silo => AnswersAsync(silo, cancellationToken))).ConfigureAwait(false);
        SilentSilo[] provable = [.. silent.Where((_, index) => !answers[index])];
        if (provable.Length == 0) return;
        foreach (SilentSilo silo in await lost.DeclareDeadAsync(provable, cancellationToken).ConfigureAwait(false))
            ClusteringLog.DeclaredDead(logger, silo, lost.SilenceBound);
    }

    /// <summary>Whether something takes a connection at the silo's endpoint, within the time that Orleans gives a probe.</summary>
    private async Task<bool> AnswersAsync(SilentSilo silo, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(membership.Value.ProbeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(silo.Endpoint, either.Token).ConfigureAwait(false);
            // On one machine a socket may be given the very port it calls, and then reaches itself.
            return !Equals(socket.LocalEndPoint, socket.RemoteEndPoint);
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
