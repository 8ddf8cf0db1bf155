using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Sheaf.Benchmarks.Local;

/// <summary>What the children of the benchmarks do. A group and its plain alternative get the same delegate.</summary>
internal static class Work
{
    private static readonly int SpinsPerMicrosecond = Calibrate();

    /// <summary>Ends at once and allocates nothing: what is left is the cost of the group.</summary>
    public static Func<CancellationToken, Task> Trivial { get; } = static _ => Task.CompletedTask;

    /// <summary>A microsecond of computing.</summary>
    public static Func<CancellationToken, Task> Microsecond { get; } = static _ =>
    {
        Spin();
        return Task.CompletedTask;
    };

    /// <summary>Waits once, and so ends on another thread than its starter's.</summary>
    public static Func<CancellationToken, Task> Yielding { get; } = static async _ => await Task.Yield();

    /// <summary>Waits once, then computes for a microsecond.</summary>
    public static Func<CancellationToken, Task> YieldingMicrosecond { get; } = static async _ =>
    {
        await Task.Yield();
        Spin();
    };

    /// <summary>Starts n children in a group and waits for them.</summary>
    public static Task InGroup(int n, Func<CancellationToken, Task> work) => TaskGroup.RunAsync(group =>
    {
        for (int i = 0; i < n; i++) _ = group.Start(work);
        return Task.CompletedTask;
    });

    /// <summary>The plain alternative: no cancellation of siblings, no outcomes, only the first failure.</summary>
    public static Task InWhenAll(int n, Func<CancellationToken, Task> work)
    {
        var tasks = new Task[n];
        for (int i = 0; i < n; i++) tasks[i] = work(CancellationToken.None);
        return Task.WhenAll(tasks);
    }

    private static void Spin() => Spin(SpinsPerMicrosecond);

    // A chain of multiplications, which no compiler shortens and no second unit overlaps.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static uint Spin(int count)
    {
        uint value = (uint)count;
        for (int i = 0; i < count; i++) value = (value * 1664525) + 1013904223;
        return value;
    }

    /// <summary>The fastest of many tries: whatever disturbs one can only make it slower.</summary>
    private static int Calibrate()
    {
        const int Probe = 100_000;
        double best = double.MaxValue;
        for (int i = 0; i < 50; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            Spin(Probe);
            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
        }

        return (int)Math.Ceiling(Probe / best);
    }
}
