using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Sheaf.Settings;
using Sheaf.Silo.Configuration;

namespace Sheaf.Silo.Tests.Configuration;

public sealed class SiloPortsTests
{
    [Theory]
    [InlineData("Sheaf:SiloPort", "Localhost", "127.0.0.1")]
    [InlineData("Sheaf:GatewayPort", "Localhost", "0.0.0.0")]
    [InlineData("Sheaf:HealthPort", "Localhost", "127.0.0.1")]
    [InlineData("Sheaf:SiloPort", "PostgreSql", "127.0.0.1")]
    [InlineData("Sheaf:GatewayPort", "PostgreSql", "0.0.0.0")]
    [InlineData("Sheaf:HealthPort", "PostgreSql", "127.0.0.1")]
    public void ThrowIfTaken_SomebodyListens_NamesOptionValueAndRemedy(string option, string clustering, string address)
    {
        using Socket listener = Listening(IPAddress.Parse(address));
        SettingsException error = Assert.Throws<SettingsException>(() => SiloPorts.ThrowIfTaken(Read(clustering, option, Port(listener))));
        Assert.Equal(
            $"{option} is '{Port(listener)}', where another process listens, such as a silo that was started before: give a free port, or stop that process first.",
            Assert.Single(error.Mistakes));
    }

    /// <summary>Of a silo that has just ended: the side that closes first has them.</summary>
    [Theory]
    [InlineData("Sheaf:SiloPort", "Localhost")]
    [InlineData("Sheaf:GatewayPort", "PostgreSql")]
    [InlineData("Sheaf:HealthPort", "PostgreSql")]
    public async Task ThrowIfTaken_ConnectionsLinger_IsNoMistake(string option, string clustering)
    {
        using Socket listener = Listening(IPAddress.Loopback);
        int port = Port(listener);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), TestContext.Current.CancellationToken);
        using (Socket server = await listener.AcceptAsync(TestContext.Current.CancellationToken)) server.Shutdown(SocketShutdown.Send);
        listener.Close();
        client.Close();
        Assert.Contains(
            System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections(),
            connection => connection.LocalEndPoint.Port == port && connection.State == System.Net.NetworkInformation.TcpState.TimeWait);
        SiloPorts.ThrowIfTaken(Read(clustering, option, port));
    }

    /// <summary>As Orleans listens.</summary>
    private static Socket Listening(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(address, 0));
        socket.Listen();
        return socket;
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    /// <summary>Settings with one port given, and free ones beside it.</summary>
    private static SiloSettings Read(string clustering, string option, int port)
    {
        Dictionary<string, string?> options = new() { ["Sheaf:Clustering"] = clustering, ["ConnectionStrings:Sheaf"] = "Host=db" };
        foreach (string name in (string[])["Sheaf:SiloPort", "Sheaf:GatewayPort", "Sheaf:HealthPort"])
        {
            using var free = new TcpListener(IPAddress.Any, 0);
            free.Start();
            options[name] = (name == option ? port : Port(free.Server)).ToString(CultureInfo.InvariantCulture);
        }

        return SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(options).Build());
    }
}
