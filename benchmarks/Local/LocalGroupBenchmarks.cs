using BenchmarkDotNet.Attributes;

namespace Sheaf.Benchmarks.Local;

/// <summary>A local group beside <see cref="Task.WhenAll(Task[])"/> over the same delegates.</summary>
[MemoryDiagnoser]
public class LocalGroupBenchmarks
{
    private Func<CancellationToken, Task> _work = null!;

    [Params(100, 1_000, 10_000, 100_000)]
    public int Children { get; set; }

    [Params(ChildWork.Trivial, ChildWork.Microsecond, ChildWork.Yielding, ChildWork.YieldingMicrosecond)]
    public ChildWork Work { get; set; }

    [GlobalSetup]
    public void Setup() => _work = Work switch
    {
        ChildWork.Trivial => Local.Work.Trivial,
        ChildWork.Microsecond => Local.Work.Microsecond,
        ChildWork.Yielding => Local.Work.Yielding,
        _ => Local.Work.YieldingMicrosecond,
    };

    [Benchmark(Baseline = true)]
    public Task WhenAll() => Local.Work.InWhenAll(Children, _work);

    [Benchmark]
    public Task Group() => Local.Work.InGroup(Children, _work);
}

/// <summary>What each child does.</summary>
public enum ChildWork
{
    Trivial,
    Microsecond,
    Yielding,
    YieldingMicrosecond,
}
