using Sheaf.Benchmarks.Local;

namespace Sheaf.Benchmarks.Quick;

/// <summary>Local groups beside <see cref="Task.WhenAll(Task[])"/>, per child.</summary>
internal sealed class LocalFigures : IFigureSet
{
    private const int Rounds = 15;

    // So many children a round make it long enough to time.
    private const int ChildrenARound = 50_000;

    public async Task MeasureAsync()
    {
        foreach (int children in (int[])[100, 1_000, 10_000, 100_000]) await MeasureAsync("trivial", Work.Trivial, children);
        foreach (int children in (int[])[100, 1_000, 10_000, 100_000]) await MeasureAsync("1us", Work.Microsecond, children);
        await MeasureAsync("yield", Work.Yielding, 10_000);
        await MeasureAsync("1us-yield", Work.YieldingMicrosecond, 10_000);
    }

    private static async Task MeasureAsync(string kind, Func<CancellationToken, Task> work, int children)
    {
        Comparison figures = await Comparison.RunAsync(
            () => Work.InGroup(children, work), () => Work.InWhenAll(children, work), Rounds, repeats: Math.Max(1, ChildrenARound / children));
        string name = $"local.{kind}.{children}";
        Figures.Print($"{name}.group", figures.MineNanoseconds / children, "ns/child");
        Figures.Print($"{name}.whenall", figures.PlainNanoseconds / children, "ns/child");
        Figures.Print($"{name}.extra-ns", figures.ExtraNanoseconds / children, "ns/child");
        Figures.Print($"{name}.extra-bytes", figures.ExtraBytes / children, "B/child");
        Figures.Print($"{name}.ratio", figures.Ratio, "x");
    }
}
