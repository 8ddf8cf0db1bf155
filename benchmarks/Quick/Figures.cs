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
        foreach (IFigureSet set in sets) await set.MeasureAsync();
    }

    public static void Print(string name, double value, string unit) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {Round(value)} {unit}"));

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
