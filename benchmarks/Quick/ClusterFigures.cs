using System.Diagnostics;
using Sheaf.Benchmarks.Cluster;
using Sheaf.Benchmarks.Embedded;
using Sheaf.Journal;

namespace Sheaf.Benchmarks.Quick;

/// <summary>Three silos in this process, journal in memory: fan-out beside plain grain calls, cancellation, failures.</summary>
internal sealed class ClusterFigures : IFigureSet
{
    private const int Rounds = 11;
    private const int ChildrenARound = 20_000;
    private const int SinglesARound = 300;
    private long _keys = 1_000_000;
    private int _runs;

    public async Task MeasureAsync()
    {
        await using BenchmarkCluster cluster = await BenchmarkCluster.StartAsync(new MemoryJournal());
        await MeasureSingleAsync(cluster);
        await MeasureFanOutAsync(cluster, 1_000);
        await MeasureFanOutAsync(cluster, 10_000);
        await MeasureCancelAsync(cluster, 10_000);
        await MeasureFailuresAsync(cluster, 10_000);
    }

    private async Task MeasureFanOutAsync(BenchmarkCluster cluster, int children)
    {
        IPlainFanOut plain = cluster.Grains.GetGrain<IPlainFanOut>(0);
        await MeasureFanOutAsync($"cluster.map.{children}", () => RunMapAsync(cluster, children), plain, children);
        await MeasureFanOutAsync($"cluster.start.{children}", () => RunAsync(cluster, children), plain, children);
    }

    private async Task MeasureFanOutAsync(string name, Func<Task> workflow, IPlainFanOut plain, int children)
    {
        // A round of a millisecond would measure what the collection before it has left cold, not what a fan-out takes.
        int repeats = Math.Max(1, ChildrenARound / children);
        Comparison warm = await Comparison.RunAsync(workflow, () => plain.FanOutAsync(children, 0), Rounds, repeats, warmUpSeconds: 8);
        Comparison fresh = await Comparison.RunAsync(workflow, () => plain.FanOutAsync(children, Interlocked.Add(ref _keys, children)), Rounds, repeats);
        Figures.Print($"{name}.workflow", warm.MineNanoseconds / 1e6, "ms");
        Figures.Print($"{name}.whenall-warm", warm.PlainNanoseconds / 1e6, "ms");
        Figures.Print($"{name}.whenall-fresh", fresh.PlainNanoseconds / 1e6, "ms");
        Figures.Print($"{name}.times-faster-than-warm", 1 / warm.Ratio, "x");
        Figures.Print($"{name}.times-faster-than-fresh", 1 / fresh.Ratio, "x");
    }

    private async Task MeasureSingleAsync(BenchmarkCluster cluster)
    {
        IPlainGrain warm = cluster.Grains.GetGrain<IPlainGrain>(1);
        // The compiler takes some thousand calls to be done with all that one passes through.
        for (int i = 0; i < 40_000; i++)
        {
            await RunAsync(cluster, 1);
            await cluster.Grains.GetGrain<IPlainGrain>(Interlocked.Increment(ref _keys)).EchoAsync(1);
        }

        Comparison figures = await Comparison.RunAsync(() => RunAsync(cluster, 1), () => warm.EchoAsync(1), 51, SinglesARound);
        Comparison fresh = await Comparison.RunAsync(() => RunAsync(cluster, 1), () => cluster.Grains.GetGrain<IPlainGrain>(Interlocked.Increment(ref _keys)).EchoAsync(1), 51, SinglesARound);
        Figures.Print("cluster.single.workflow", figures.MineNanoseconds / 1e3, "us");
        Figures.Print("cluster.single.warm-grain", figures.PlainNanoseconds / 1e3, "us");
        Figures.Print("cluster.single.fresh-grain", fresh.PlainNanoseconds / 1e3, "us");
        Figures.Print("cluster.single.ratio-to-warm", figures.Ratio, "x");
        Figures.Print("cluster.single.ratio-to-fresh", fresh.Ratio, "x");
    }

    private async Task MeasureCancelAsync(BenchmarkCluster cluster, int children)
    {
        List<double> signalled = [];
        List<double> ended = [];
        for (int round = 0; round < 5; round++)
        {
            ClusterCode.Signalled.Clear();
            string id = NextId();
            Task<int> run = cluster.Client.RunAsync(Run.Workflow<ClusterCode.WaitingWorkflow>(), id, children);
            SpinWait.SpinUntil(() => ClusterCode.Running == children);
            long begin = Stopwatch.GetTimestamp();
            await cluster.Client.CancelAsync(id, "measured");
            try
            {
                await run;
            }
            catch (OperationCanceledException)
            {
                ended.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            }

            double[] times = [.. ClusterCode.Signalled.Select(at => Stopwatch.GetElapsedTime(begin, at).TotalMilliseconds).Order()];
            signalled.Add(times[(int)(times.Length * 0.99)]);
        }

        Figures.Print($"cluster.cancel.{children}.signalled-p99", Comparison.Median(signalled), "ms");
        Figures.Print($"cluster.cancel.{children}.ended", Comparison.Median(ended), "ms");
    }

    private async Task MeasureFailuresAsync(BenchmarkCluster cluster, int children)
    {
        List<double> total = [];
        List<double> after = [];
        int size = 0;
        for (int round = 0; round < 5; round++)
        {
            long begin = Stopwatch.GetTimestamp();
            try
            {
                await cluster.Client.RunAsync(Run.Workflow<ClusterCode.FailingWorkflow>(), NextId(), children);
            }
            catch (ExceptionGroup failures)
            {
                total.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
                after.Add(Stopwatch.GetElapsedTime(ClusterCode.LastFailure).TotalMilliseconds);
                size = System.Text.Encoding.UTF8.GetByteCount(Failure.From(failures).ToJson());
                if (failures.LeafCount != children) throw new InvalidOperationException($"{failures.LeafCount} of {children} failures are counted.", failures);
            }
        }

        Figures.Print($"cluster.failing.{children}.total", Comparison.Median(total), "ms");
        Figures.Print($"cluster.failing.{children}.after-the-last-failure", Comparison.Median(after), "ms");
        Figures.Print($"cluster.failing.{children}.size", size / 1024.0, "KiB");
    }

    private string NextId() => $"cluster-{Interlocked.Increment(ref _runs)}";

    private Task<int> RunMapAsync(BenchmarkCluster cluster, int children) => cluster.Client.RunAsync(Run.Workflow<NoopMapWorkflow>(), NextId(), children);

    private Task<int> RunAsync(BenchmarkCluster cluster, int children) => cluster.Client.RunAsync(Run.Workflow<NoopWorkflow>(), NextId(), children);
}
