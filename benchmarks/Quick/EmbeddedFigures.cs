using Microsoft.Extensions.DependencyInjection;
using Sheaf.Benchmarks.Embedded;

namespace Sheaf.Benchmarks.Quick;

/// <summary>Workflows of workers that do nothing, on the embedded host with its journal in memory.</summary>
internal sealed class EmbeddedFigures : IFigureSet
{
    private const int Rounds = 11;
    private const int Workflows = 64;
    private const int ChildrenOfEach = 10;
    private int _runs;

    public async Task MeasureAsync()
    {
        await MeasureChildrenAsync(1_000);
        await MeasureChildrenAsync(10_000);
        await MeasureWorkflowsAsync();
    }

    private async Task MeasureChildrenAsync(int children)
    {
        await using ServiceProvider services = NoopWorkflow.CreateHost();
        IWorkflowClient client = services.GetRequiredService<IWorkflowClient>();
        Comparison figures = await Comparison.RunAsync(() => RunAsync(client, children), () => NoopWorkflow.InWhenAllAsync(children), Rounds);
        string name = $"embedded.noop.{children}";
        Figures.Print($"{name}.workflow", figures.MineNanoseconds / 1e6, "ms");
        Figures.Print($"{name}.whenall", figures.PlainNanoseconds / 1e6, "ms");
        Figures.Print($"{name}.extra-us", figures.ExtraNanoseconds / 1e3 / children, "us/child");
        Figures.Print($"{name}.extra-bytes", figures.ExtraBytes / children, "B/child");
    }

    private async Task MeasureWorkflowsAsync()
    {
        await using ServiceProvider services = NoopWorkflow.CreateHost();
        IWorkflowClient client = services.GetRequiredService<IWorkflowClient>();
        Comparison figures = await Comparison.RunAsync(
            () => Task.WhenAll(Enumerable.Range(0, Workflows).Select(_ => RunAsync(client, ChildrenOfEach))),
            () => Task.WhenAll(Enumerable.Range(0, Workflows).Select(_ => NoopWorkflow.InWhenAllAsync(ChildrenOfEach))),
            Rounds, repeats: 4);
        Figures.Print($"embedded.{Workflows}x{ChildrenOfEach}.workflows", Workflows / (figures.MineNanoseconds / 1e9), "workflows/s");
        Figures.Print($"embedded.{Workflows}x{ChildrenOfEach}.whenall", Workflows / (figures.PlainNanoseconds / 1e9), "workflows/s");
    }

    private Task<int> RunAsync(IWorkflowClient client, int children) =>
        client.RunAsync(Run.Workflow<NoopWorkflow>(), $"run-{Interlocked.Increment(ref _runs)}", children);
}
