using System.Text;
using Npgsql;
using Sheaf.PostgreSql;
using Sheaf.Processes;

namespace Sheaf.Chaos.Faults;

/// <summary>Three places for silos, and a supervisor that puts a new one where one has ended. Not thread-safe.</summary>
internal sealed class SiloSet : IAsyncDisposable
{
    public const int Count = 3;

    /// <summary>A guard against hanging on a busy machine.</summary>
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    private readonly SiloProcess[] _silos;

    /// <summary>All that have ever been, with their names.</summary>
    private readonly List<(string Name, SiloProcess Silo)> _all = [];

    public SiloSet(string database)
    {
        Database = database;
        _silos = [.. Enumerable.Range(0, Count).Select(Start)];
    }

    /// <summary>The connection string of the cluster's database.</summary>
    public string Database { get; }

    /// <summary>How many ended that nobody had asked to: they were taken for dead, on a busy machine for instance.</summary>
    public int EndedByThemselves { get; private set; }

    public SiloProcess this[int place] => _silos[place];

    public static string NameOf(int place) => $"silo-{place + 1}";

    /// <summary>Puts a new silo, at other ports, where one has ended.</summary>
    public void Replace(int place) => _silos[place] = Start(place);

    /// <summary>Waits until all are ready, and replaces what ends meanwhile.</summary>
    public Task WholeAsync() => Poll.UntilAsync(
        async () =>
        {
            bool[] ready = await Task.WhenAll(_silos.Select(silo => silo.IsReadyAsync()));
            for (int place = 0; place < Count; place++)
            {
                if (!_silos[place].HasExited) continue;
                EndedByThemselves++;
                Replace(place);
                ready[place] = false;
            }

            return ready.All(isReady => isReady);
        },
        Guard,
        () => string.Join('\n', _silos.Select(silo => silo.Output)));

    /// <summary>Waits until the others have declared a silo dead.</summary>
    public async Task DeclaredDeadAsync(int place)
    {
        await using NpgsqlDataSource database = NpgsqlDataSource.Create(Database);
        await using NpgsqlCommand command = database.CreateCommand("SELECT status FROM sheaf_membership WHERE silo LIKE $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"%:{_silos[place].SiloPort}@%" });
        await Poll.UntilAsync(
            async () => (string?)await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) == "Dead",
            Guard,
            () => string.Join('\n', _silos.Select(silo => silo.Output)));
    }

    /// <summary>Writes what every silo has printed, and what the database has, into files.</summary>
    /// <returns>The folder.</returns>
    public async Task<string> WriteLogsAsync(PostgreSqlServer server)
    {
        string folder = Directory.CreateTempSubdirectory("sheaf-chaos-logs-").FullName;
        for (int i = 0; i < _all.Count; i++)
            await File.WriteAllTextAsync(Path.Combine(folder, $"{i + 1:000}-{_all[i].Name}-port-{_all[i].Silo.SiloPort}.log"), _all[i].Silo.Output, Encoding.UTF8, CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(folder, "postgresql.log"), await server.ReadLogAsync(), Encoding.UTF8, CancellationToken.None);
        return folder;
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((_, SiloProcess silo) in _all) await silo.DisposeAsync();
    }

    private SiloProcess Start(int place)
    {
        SiloProcess silo = SiloProcess.StartMember(Database, NameOf(place), ["Sheaf.Chaos.dll", Program.Silo]);
        _all.Add((NameOf(place), silo));
        return silo;
    }
}
