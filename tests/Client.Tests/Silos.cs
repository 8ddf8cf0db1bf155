using Sheaf.PostgreSql;
using Sheaf.Processes;

namespace Sheaf.Client.Tests;

/// <summary>Three silo processes on a database, and the client for them.</summary>
internal sealed class Silos : IAsyncDisposable
{
    /// <summary>A guard against hanging on a busy machine.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromMinutes(3);

    private readonly Dictionary<string, SiloProcess> _silos;

    private Silos(string database)
    {
        Database = database;
        _silos = Enumerable.Range(1, 3).Select(number => $"silo-{number}").ToDictionary(name => name, name => SiloProcess.StartMember(database, name));
    }

    public SiloProcess this[string name] => _silos[name];

    /// <summary>How long a client takes now that starts, has a little done and ends: two seconds, or many times that on a busy machine.</summary>
    public TimeSpan Pace { get; private set; }

    /// <summary>The connection string of the cluster's database.</summary>
    public string Database { get; }

    /// <summary>Starts them, and waits until work goes to all.</summary>
    public static async Task<Silos> StartAsync(PostgreSqlServer server)
    {
        var silos = new Silos(await server.CreateDatabaseAsync());
        await Task.WhenAll(silos._silos.Values.Select(silo => silo.ReadyAsync(Guard)));
        // Ready is each by itself: they also have to have met.
        ProgramProcess? last = null;
        await Poll.UntilAsync(
            async () =>
            {
                last = await silos.PacedAsync("fan-out", "--children", "30");
                return last.Output.Count(line => line.StartsWith("  silo-", StringComparison.Ordinal)) == 3;
            },
            Guard,
            () => last!.All);
        return silos;
    }

    /// <summary>So many seconds, or as long as a client takes eight times, so that what is to go on meanwhile does: a test sees what goes on by clients of its own.</summary>
    public int Seconds(int atLeast) => Math.Max(atLeast, (int)(8 * Pace.TotalSeconds));

    /// <summary>kill -9 of all at once.</summary>
    public Task KillAllAsync() => Task.WhenAll(_silos.Values.Select(silo => silo.KillAsync()));

    /// <summary>Starts a silo in the place of each that has ended, at other ports, and waits until all are ready.</summary>
    public async Task ReplaceLostAsync()
    {
        foreach ((string name, SiloProcess silo) in _silos.Where(pair => pair.Value.HasExited).ToList())
        {
            await silo.DisposeAsync();
            _silos[name] = SiloProcess.StartMember(Database, name);
        }

        await Task.WhenAll(_silos.Values.Select(silo => silo.ReadyAsync(Guard)));
    }

    /// <summary>The silo of an address such as <c>127.0.0.1:20001@1543</c>, and its name.</summary>
    public (string Name, SiloProcess Silo) At(string address)
    {
        KeyValuePair<string, SiloProcess> found = _silos.Single(pair => address.Contains($":{pair.Value.SiloPort}@", StringComparison.Ordinal));
        return (found.Key, found.Value);
    }

    /// <summary>Starts the client.</summary>
    public ProgramProcess Start(params string[] args) => StartFrom(Programs.ClientFolder, args);

    /// <summary>Starts the client that is in another folder.</summary>
    public ProgramProcess StartFrom(string folder, params string[] args) => ProgramProcess.Start(
        Path.Combine(folder, "Sheaf.Client.dll"), args, ("Sheaf__Clustering", "PostgreSql"), ("ConnectionStrings__Sheaf", Database));

    /// <summary>Runs the client to its end.</summary>
    public async Task<ProgramProcess> RunAsync(params string[] args)
    {
        ProgramProcess client = Start(args);
        await client.ExitAsync();
        return client;
    }

    /// <summary>Runs the client to its end, and takes its time for the pace.</summary>
    private async Task<ProgramProcess> PacedAsync(params string[] args)
    {
        long started = TimeProvider.System.GetTimestamp();
        ProgramProcess client = await RunAsync(args);
        Pace = TimeProvider.System.GetElapsedTime(started);
        return client;
    }

    /// <summary>Waits until so many children of a workflow run, or more.</summary>
    /// <returns>How many of them each silo runs, by its address.</returns>
    public async Task<Dictionary<string, int>> RunningAsync(string workflow, int children)
    {
        Dictionary<string, int> running = [];
        ProgramProcess? last = null;
        await Poll.UntilAsync(
            async () =>
            {
                last = await PacedAsync("audit", "--running");
                running = last.Output.Where(line => line.StartsWith($"{workflow}  child ", StringComparison.Ordinal))
                    .GroupBy(line => line.Split("  silo ")[1], StringComparer.Ordinal)
                    .ToDictionary(silo => silo.Key, silo => silo.Count());
                return running.Values.Sum() >= children;
            },
            Guard,
            () => last!.All);
        return running;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SiloProcess silo in _silos.Values) await silo.DisposeAsync();
    }
}

/// <summary>The silos that tests share which leave them as they were. They are started by the first that asks.</summary>
public sealed class SharedSilos : IAsyncDisposable
{
    private Silos? _silos;

    internal async Task<Silos> GetAsync(PostgreSqlFixture postgres) => _silos ??= await Silos.StartAsync(postgres.Server);

    public ValueTask DisposeAsync() => _silos?.DisposeAsync() ?? ValueTask.CompletedTask;
}
