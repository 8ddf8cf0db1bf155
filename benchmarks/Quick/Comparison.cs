using System.Diagnostics;

namespace Sheaf.Benchmarks.Quick;

/// <summary>One run: how long it took and what was allocated meanwhile, by all threads.</summary>
internal readonly record struct Sample(double Nanoseconds, double Bytes);

/// <summary>Measures something beside its plain alternative, in turns.</summary>
/// <param name="Mine">What is measured.</param>
/// <param name="Plain">The alternative.</param>
/// <remarks>
/// Differences and ratios are taken within a round and then the median of the rounds: what disturbs the machine for longer
/// than a round disturbs both sides of it.
/// </remarks>
internal sealed record Comparison(IReadOnlyList<Sample> Mine, IReadOnlyList<Sample> Plain)
{
    public double MineNanoseconds => Median(Mine.Select(sample => sample.Nanoseconds));

    public double PlainNanoseconds => Median(Plain.Select(sample => sample.Nanoseconds));

    public double ExtraNanoseconds => Median(Mine.Zip(Plain, (mine, plain) => mine.Nanoseconds - plain.Nanoseconds));

    public double ExtraBytes => Median(Mine.Zip(Plain, (mine, plain) => mine.Bytes - plain.Bytes));

    public double Ratio => Median(Mine.Zip(Plain, (mine, plain) => mine.Nanoseconds / plain.Nanoseconds));

    /// <summary>Runs both in turns, each so often that one round takes a while.</summary>
    /// <param name="mine">What is measured.</param>
    /// <param name="plain">The alternative.</param>
    /// <param name="rounds">How many rounds count.</param>
    /// <param name="repeats">How often each runs in a round.</param>
    /// <param name="warmUpSeconds">How long both run before.</param>
    public static async Task<Comparison> RunAsync(Func<Task> mine, Func<Task> plain, int rounds, int repeats = 1, double warmUpSeconds = 0.7)
    {
        await WarmUpAsync(mine, plain, TimeSpan.FromSeconds(warmUpSeconds));
        List<Sample> mines = [];
        List<Sample> plains = [];
        for (int round = 0; round < rounds; round++)
        {
            // They change places: whatever comes first in a round has no advantage.
            bool mineFirst = round % 2 == 0;
            Sample first = await SampleAsync(mineFirst ? mine : plain, repeats);
            Sample second = await SampleAsync(mineFirst ? plain : mine, repeats);
            mines.Add(mineFirst ? first : second);
            plains.Add(mineFirst ? second : first);
        }

        return new Comparison(mines, plains);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The compiler makes its last version of a method in the background, after some calls and a while.</summary>
    private static async Task WarmUpAsync(Func<Task> mine, Func<Task> plain, TimeSpan time)
    {
        long begin = Stopwatch.GetTimestamp();
        do
        {
            await mine();
            await plain();
        }
        while (Stopwatch.GetElapsedTime(begin) < time);
    }

    private static async Task<Sample> SampleAsync(Func<Task> run, int repeats)
    {
        // Nobody pays for the garbage of the run before.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++) await run();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        return new Sample(elapsed.TotalNanoseconds / repeats, (double)bytes / repeats);
    }
}
