using System.Net;
using System.Net.Sockets;
using Sheaf.Settings;

namespace Sheaf.Silo.Configuration;

/// <summary>Whether a silo's ports are free, asked before anything starts.</summary>
/// <remarks>
/// Orleans listens with <c>SO_REUSEPORT</c>: a silo that is started twice would share its ports with itself, join as its own successor,
/// and take the place of the one that works, which then ends its process. So each port is bound here for a moment, and without that:
/// it fails if anybody listens there. Connections of a predecessor that linger in <c>TIME_WAIT</c> are no obstacle. Two silos that ask
/// at the same instant both find their ports free.
/// </remarks>
internal static class SiloPorts
{
    /// <summary>Asks for all of them.</summary>
    /// <exception cref="SettingsException">Some are taken, or this user may not listen there; the message has a line for each.</exception>
    public static void ThrowIfTaken(SiloSettings settings)
    {
        // As Kestrel listens: see HealthEndpoints.
        IPAddress[] health = settings.ListenAddress.Equals(IPAddress.Loopback)
            ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : [Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any];
        string[] mistakes =
        [
            .. Mistakes("Sheaf:SiloPort", settings.SiloPort, settings.ListenAddress),
            .. Mistakes("Sheaf:GatewayPort", settings.GatewayPort, settings.ListenAddress),
            .. Mistakes("Sheaf:HealthPort", settings.HealthPort, health),
        ];
        if (mistakes.Length > 0) throw new SettingsException(mistakes);
    }

    private static IEnumerable<string> Mistakes(string option, int port, params IPAddress[] addresses) => addresses
        .Select(address => Bind(address, port) switch
        {
            SocketError.AddressAlreadyInUse =>
                $"{option} is '{port}', where another process listens, such as a silo that was started before: give a free port, or stop that process first.",
            SocketError.AccessDenied =>
                $"{option} is '{port}', where this user may not listen: give a port from 1024 on.",
            // Whatever else is wrong, such as an address family that this machine has not, the start itself says better.
            _ => null,
        })
        .OfType<string>()
        .Take(1);

    private static SocketError Bind(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
            if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(new IPEndPoint(address, port));
            return SocketError.Success;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode;
        }
    }
}
