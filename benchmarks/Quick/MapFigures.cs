using System.Diagnostics;

namespace Sheaf.Benchmarks.Quick;

/// <summary>A long map through a small window: its memory must not grow with the source.</summary>
internal sealed class MapFigures : IFigureSet
{
    private const int Children = 1_000_000;
    private const int Window = 64;
    private const int SampleEvery = 100_000;

    public async Task MeasureAsync()
    {
        List<long> heap = [];
        long begin = Stopwatch.GetTimestamp();
        await TaskGroup.MapAsync(Enumerable.Range(1, Children), WorkAsync, new() { Group = new() { MaxConcurrency = Window } });
        double map = Stopwatch.GetElapsedTime(begin).TotalNanoseconds;

        begin = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(1, Children), new ParallelOptions { MaxDegreeOfParallelism = Window }, static async (_, _) => await Task.Yield());
        double plain = Stopwatch.GetElapsedTime(begin).TotalNanoseconds;

        string name = $"map.{Children}.window{Window}";
        Figures.Print($"{name}.memory-growth", (Median(heap[(heap.Count / 2)..]) - Median(heap[..(heap.Count / 2)])) / (1024 * 1024), "MiB");
        Figures.Print($"{name}.map", map / Children, "ns/child");
        Figures.Print($"{name}.parallel-foreach", plain / Children, "ns/child");

        // Of one half each: a single sample has in it what the other threads allocated since its collection.
        static double Median(IEnumerable<long> values) => Comparison.Median(values.Select(value => (double)value));

        async Task WorkAsync(int item, CancellationToken cancellationToken)
        {
            await Task.Yield();
            if (item % SampleEvery != 0) return;
            long bytes = GC.GetTotalMemory(forceFullCollection: true);
            lock (heap) heap.Add(bytes);
        }
    }
}
