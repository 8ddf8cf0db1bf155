using System.CommandLine;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Sheaf.Client.Commands;
using Sheaf.Journal;
using Sheaf.Samples.Agent;
using Sheaf.Settings;

namespace Sheaf.Client.Connection;

/// <summary>A cluster inside this process, for a first look: its silos talk to each other and to the client as others do.</summary>
internal sealed class LocalCluster(ConnectionOptions options, ClientSurroundings around) : IClusterSource
{
    private const int MaxSilos = 16;

    private const string Id = "local";

    /// <summary>How many silos.</summary>
    public CountOption Silos { get; } = new("--silos", "N", $"How many silos, 1 to {MaxSilos}.", least: 1, MaxSilos, otherwise: 3);

    /// <summary>Where the journal is.</summary>
    public Option<string?> JournalFile { get; } = new("--journal")
    {
        HelpName = "FILE",
        Description = "A SQLite file for the journal: what had not ended goes on with the next command. Without it, all is gone at the end.",
    };

    /// <inheritdoc/>
    public async Task<ClusterConnection> ConnectAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        int count = arguments.GetValue(Silos);
        IConfiguration configuration = options.Read(arguments);
        ClusterSettings settings = ClusterSettings.Read(configuration);
        await around.Error.WriteLineAsync($"Starting {count} silos in this program.");
        LocalSilos silos = await LocalSilos.StartAsync(count, Open(arguments.GetValue(JournalFile)), Id, cancellationToken);
        try
        {
            IHost client = await ClientHost.StartAsync(
                settings,
                configuration,
                builder => builder.UseLocalhostClustering([.. silos.GatewayPorts], serviceId: Id, clusterId: Id),
                around.TimeProvider,
                cancellationToken);
            return new ClusterConnection(client, silos);
        }
        catch
        {
            await silos.DisposeAsync();
            throw;
        }
    }

    private static IJournal Open(string? file)
    {
        if (file is null) return new MemoryJournal();
        try
        {
            return SqliteJournal.OpenForOneHost(new SqliteConnectionStringBuilder { DataSource = file }.ToString());
        }
        catch (Exception unreadable) when (unreadable is SqliteException or IOException or InvalidOperationException or ArgumentException)
        {
            throw new UsageException($"The journal '{file}' cannot be used: {UsageException.TextOf(unreadable)}", unreadable);
        }
    }
}
