using System.Net;
using System.Net.Sockets;

namespace Sheaf.Silo.Clustering;

/// <summary>A membership row that says Active, and whose silo has not been heard of for too long.</summary>
/// <param name="Address">Where the silo's own port was.</param>
/// <param name="Port">That port.</param>
/// <param name="Generation">Which of the silos that have had this endpoint.</param>
/// <param name="HeardAt">When it was last heard of, by the database's clock.</param>
internal sealed record SilentSilo(string Address, int Port, int Generation, DateTime HeardAt)
{
    /// <summary>Whether something takes a connection at the silo's endpoint.</summary>
    /// <remarks>
    /// A silo listens there from before it joins until its process ends. A frozen one still takes connections: it is not provably dead.
    /// </remarks>
    /// <param name="timeout">No connection within this time counts as no answer.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="cancellationToken">Ends the attempt with an <see cref="OperationCanceledException"/>.</param>
    public async Task<bool> AnswersAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(Address), Port), either.Token).ConfigureAwait(false);
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

    /// <summary>As Orleans writes it.</summary>
    public override string ToString() => $"{Address}:{Port}@{Generation}";
}
