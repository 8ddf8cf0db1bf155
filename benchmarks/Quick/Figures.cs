using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Sheaf.Benchmarks.Quick;

/// <summary>A set of figures that is measured and printed together.</summary>
internal interface IFigureSet
{
    Task MeasureAsync();
}

/// <summary>Prints figures as lines of <c>name value unit</c>, under the conditions they were measured in.</summary>
internal static class Figures
{
    public static async Task MeasureAsync(IReadOnlyList<IFigureSet> sets)
    {
        PrintConditions();
        foreach (IFigureSet set in sets)
        {
            PrintLoad();
            await set.MeasureAsync();
        }
    }

    public static void Print(string name, double value, string unit) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {Round(value)} {unit}"));

    /// <summary>Prints a figure and what was asked of it.</summary>
    public static void PrintAtMost(string name, double value, string unit, double limit) => Print(name, value, unit, "at most", limit, value <= limit);

    /// <inheritdoc cref="PrintAtMost"/>
    public static void PrintAtLeast(string name, double value, string unit, double limit) => Print(name, value, unit, "at least", limit, value >= limit);

    /// <summary>Prints what else uses the machine. It is asked for again before each set.</summary>
    private static void PrintLoad()
    {
        const string Path = "/proc/loadavg";
        if (File.Exists(Path)) Console.WriteLine($"# load {File.ReadAllText(Path).Split(' ')[0]} over the last minute");
    }

    private static void Print(string name, double value, string unit, string relation, double limit, bool met) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {Round(value)} {unit} ({relation} {limit}: {(met ? "met" : "MISSED")})"));

    private static void PrintConditions()
    {
        Console.WriteLine($"# cores {Environment.ProcessorCount}");
        Console.WriteLine($"# runtime {RuntimeInformation.FrameworkDescription} {RuntimeInformation.RuntimeIdentifier}");
        Console.WriteLine($"# gc {(GCSettings.IsServerGC ? "server" : "workstation")}, {(GCSettings.LatencyMode == GCLatencyMode.Batch ? "not concurrent" : "concurrent")}");
#if DEBUG
        Console.WriteLine("# DEBUG build: the figures mean nothing");
#endif
    }

    /// <summary>Three digits say all that a noisy machine knows.</summary>
    private static decimal Round(double value)
    {
        int decimals = Math.Abs(value) switch
        {
            >= 100 => 0,
            >= 10 => 1,
            _ => 2,
        };
        return Math.Round((decimal)value, decimals);
    }
}
