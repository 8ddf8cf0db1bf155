using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;
using Sheaf.Benchmarks.Cluster;
using Sheaf.Benchmarks.Durable;
using Sheaf.Journal;

namespace Sheaf.Benchmarks.Quick;

/// <summary>The owner's silo is killed: from the membership's word for it, as a survivor hears it, until its workflows run elsewhere.</summary>
internal sealed class TakeoverFigures : IFigureSet
{
    private const int Rounds = 7;
    private const double Limit = 1_000;

    private int _runs;

    public async Task MeasureAsync()
    {
        await using Store store = await Store.StartAsync();
        string database = await store.Server.CreateDatabaseAsync();
        await using PostgreSqlJournal journal = new(database);
        await using BenchmarkCluster cluster = await BenchmarkCluster.StartOnPostgreSqlAsync(database);
        await MeasureAsync(cluster, journal, 1);
        await MeasureAsync(cluster, journal, 100);
    }

    /// <summary>So many workflows of one silo, each with a child that is lost with it. Resumed is the one whose child runs again.</summary>
    private async Task MeasureAsync(BenchmarkCluster cluster, IJournal journal, int workflows)
    {
        List<double> first = [];
        List<double> last = [];
        for (int round = -1; round < Rounds; round++)
        {
            InProcessSiloHandle owner = cluster.Silos[^1];
            WorkflowId[] ids = await StartOnAsync(cluster, journal, owner, workflows);
            await Task.WhenAll(ids.Select(id => HeldWorker.WhenDeliveredAsync(id, 1)));
            Task<long> heard = HearAsync(cluster.Silos[0], owner.SiloAddress);
            long[] resumed = [];
            await cluster.ReplaceAsync(owner, async () => resumed = await Task.WhenAll(ids.Select(id => HeldWorker.WhenDeliveredAsync(id, 2))));
            long begin = await heard;
            foreach (WorkflowId id in ids) await cluster.Client.CancelAsync(id, "measured");
            if (round < 0) continue;
            first.Add(Stopwatch.GetElapsedTime(begin, resumed.Min()).TotalMilliseconds);
            last.Add(Stopwatch.GetElapsedTime(begin, resumed.Max()).TotalMilliseconds);
        }

        string name = $"takeover.{workflows}";
        Figures.Print($"{name}.first", Comparison.Median(first), "ms");
        Figures.PrintAtMost($"{name}.all", Comparison.Median(last), "ms", Limit);
    }

    /// <summary>Starts workflows until so many are owned by a silo; the others are cancelled.</summary>
    private async Task<WorkflowId[]> StartOnAsync(BenchmarkCluster cluster, IJournal journal, InProcessSiloHandle silo, int workflows)
    {
        List<WorkflowId> ids = [];
        while (ids.Count < workflows)
        {
            WorkflowId id = $"takeover-{++_runs}";
            await cluster.Client.StartAsync(Run.Workflow<HeldWorkflow>(), id, 0);
            if ((await journal.FindAsync(id))?.Owner == silo.SiloAddress.ToParsableString()) ids.Add(id);
            else await cluster.Client.CancelAsync(id, "is elsewhere");
        }

        return [.. ids];
    }

    /// <summary>When a silo hears that another one is dead.</summary>
    private static async Task<long> HearAsync(InProcessSiloHandle survivor, SiloAddress dead)
    {
        IClusterMembershipService membership = survivor.SiloHost.Services.GetRequiredService<IClusterMembershipService>();
        await foreach (ClusterMembershipSnapshot snapshot in membership.MembershipUpdates)
        {
            if (snapshot.GetSiloStatus(dead) == SiloStatus.Dead) return Stopwatch.GetTimestamp();
        }

        throw new InvalidOperationException("The membership ended before it had said so.");
    }
}
