using Sheaf.PostgreSql;
using Sheaf.Processes;

namespace Sheaf.Chaos.Faults;

/// <summary>Strikes a cluster with one fault after another, as a seed has it; the cluster is whole again before the next.</summary>
/// <param name="silos">The silos.</param>
/// <param name="server">Their database.</param>
/// <param name="random">The chance.</param>
internal sealed class Storm(SiloSet silos, PostgreSqlServer server, Random random)
{
    // A kill is what happens most.
    private static readonly Fault[] Deck =
        [Fault.Kill, Fault.Kill, Fault.Kill, Fault.Stop, Fault.Stop, Fault.Pause, Fault.Freeze, Fault.CrashDatabase, Fault.RestartDatabase, Fault.KillAll];

    // However short the storm, one silo is killed.
    private readonly Queue<Fault> _next = new([Fault.Kill]);

    /// <summary>What has struck, and when, counted from the beginning.</summary>
    public List<(TimeSpan At, Fault Fault, string Where)> Struck { get; } = [];

    /// <summary>Goes on for so long, and then to the end of the fault that is under way.</summary>
    public async Task RageAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < duration)
        {
            await Task.Delay(TimeSpan.FromSeconds(5 * random.NextDouble()), TimeProvider.System, cancellationToken);
            Fault fault = Next();
            int place = random.Next(SiloSet.Count);
            Struck.Add((TimeProvider.System.GetElapsedTime(began), fault, fault is Fault.KillAll or Fault.CrashDatabase or Fault.RestartDatabase ? "" : SiloSet.NameOf(place)));
            await StrikeAsync(fault, place, cancellationToken);
            await silos.WholeAsync();
        }
    }

    /// <summary>A shuffled deck after another: each fault comes up before one has come up too often.</summary>
    private Fault Next()
    {
        if (_next.Count == 0)
        {
            Fault[] deck = [.. Deck];
            random.Shuffle(deck);
            foreach (Fault fault in deck) _next.Enqueue(fault);
        }

        return _next.Dequeue();
    }

    private async Task StrikeAsync(Fault fault, int place, CancellationToken cancellationToken)
    {
        switch (fault)
        {
            case Fault.Kill:
                await silos[place].KillAsync();
                silos.Replace(place);
                break;
            case Fault.KillAll:
                await Task.WhenAll(Enumerable.Range(0, SiloSet.Count).Select(i => silos[i].KillAsync()));
                for (int i = 0; i < SiloSet.Count; i++) silos.Replace(i);
                break;
            case Fault.Pause:
                await silos[place].SuspendAsync();
                await Task.Delay(TimeSpan.FromSeconds(0.5 + random.NextDouble()), TimeProvider.System, cancellationToken);
                await silos[place].WakeAsync();
                break;
            case Fault.Freeze:
                await silos[place].SuspendAsync();
                await Task.Delay(TimeSpan.FromSeconds(8 + (12 * random.NextDouble())), TimeProvider.System, cancellationToken);
                await silos.DeclaredDeadAsync(place);
                await silos[place].WakeAsync();
                // It ends itself when it learns of its death.
                await silos[place].ExitAsync();
                silos.Replace(place);
                break;
            case Fault.Stop:
                // One that was taken for dead meanwhile has nothing left to stop.
                if (silos[place].HasExited) break;
                int exit = await silos[place].TerminateAsync();
                Assert.True(exit == 0, $"{SiloSet.NameOf(place)} was asked to stop, and ended with {exit}:\n{silos[place].Output}");
                silos.Replace(place);
                break;
            case Fault.CrashDatabase or Fault.RestartDatabase:
                await server.RestartAsync(crash: fault == Fault.CrashDatabase);
                break;
            default:
                throw new InvalidOperationException($"Nobody knows how to strike with {fault}.");
        }
    }
}
