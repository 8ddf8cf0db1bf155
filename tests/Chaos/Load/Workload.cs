using System.Collections.Concurrent;
using Sheaf.Processes;

namespace Sheaf.Chaos.Load;

/// <summary>Many workflows at once, from several clients: each line of work runs one job after another.</summary>
internal sealed class Workload : IAsyncDisposable
{
    private const int Clients = 3;
    private const int LinesPerClient = 4;
    private const int Files = 50;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sheaf-chaos-");
    private readonly List<LoadClient> _clients = [];
    private readonly CancellationTokenSource _givenUp = new();
    private readonly ConcurrentDictionary<Job, bool> _underWay = [];
    private Task _lines = Task.CompletedTask;
    private volatile bool _ends;

    private Workload()
    {
    }

    /// <summary>Jobs that have ended, each with what is wrong with its end; null where nothing is.</summary>
    public ConcurrentQueue<(Job Job, string? Problem)> Ended { get; } = [];

    /// <summary>Jobs that have begun and not ended.</summary>
    public IReadOnlyCollection<Job> UnderWay => [.. _underWay.Keys];

    public IWorkflowClient Workflows => _clients[0].Workflows;

    public ISheafCluster Cluster => _clients[0].Cluster;

    /// <summary>Connects the clients and begins.</summary>
    public static async Task<Workload> StartAsync(string database, int seed)
    {
        var load = new Workload();
        for (int i = 0; i < Files; i++) await File.WriteAllTextAsync(Path.Combine(load._folder.FullName, $"{i}.txt"), "one two\n", TestContext.Current.CancellationToken);
        for (int i = 0; i < Clients; i++) load._clients.Add(await LoadClient.StartAsync(database));
        load._lines = Task.WhenAll(
            from client in Enumerable.Range(0, Clients)
            from line in Enumerable.Range(0, LinesPerClient)
            let jobs = new JobSource($"line-{client}{line}", new Random(HashCode(seed, client, line)), load._folder.FullName, Files)
            select load.WorkAsync(load._clients[client].Workflows, jobs));
        return load;
    }

    /// <summary>Waits until every silo runs children of it.</summary>
    public Task FlowsAsync(int silos) => Poll.UntilAsync(
        async () => (await Cluster.GetRunningAsync(TestContext.Current.CancellationToken)).Select(child => child.Silo).Distinct().Count() == silos,
        TimeSpan.FromMinutes(2),
        () => $"{Ended.Count} jobs have ended, {_underWay.Count} are under way.");

    /// <summary>Begins nothing more, and waits for what has begun.</summary>
    /// <param name="bound">How long; what has not ended then stays <see cref="UnderWay"/>.</param>
    public async Task EndAsync(TimeSpan bound)
    {
        _ends = true;
        await _lines.WaitAsync(bound, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        _ends = true;
        await _givenUp.CancelAsync();
        await _lines.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (LoadClient client in _clients) await client.DisposeAsync();
        _givenUp.Dispose();
        _folder.Delete(recursive: true);
    }

    // The same in every run, as System.HashCode is not.
    private static int HashCode(int seed, int client, int line) => unchecked((((seed * 31) + client) * 31) + line);

    private async Task WorkAsync(IWorkflowClient client, JobSource jobs)
    {
        while (!_ends)
        {
            Job job = jobs.Next();
            _underWay[job] = true;
            string? problem = await job.RunAsync(client, _givenUp.Token);
            Ended.Enqueue((job, problem));
            _underWay.TryRemove(job, out _);
        }
    }
}
