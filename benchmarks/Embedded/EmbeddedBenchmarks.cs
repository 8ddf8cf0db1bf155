using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;

namespace Sheaf.Benchmarks.Embedded;

/// <summary>A workflow on the embedded host beside <see cref="Task.WhenAll(Task[])"/> over the same workers.</summary>
[MemoryDiagnoser]
public class EmbeddedBenchmarks
{
    private ServiceProvider _services = null!;
    private IWorkflowClient _client = null!;
    private int _runs;

    [Params(100, 1_000, 10_000)]
    public int Children { get; set; }

    // For each iteration anew: the journal in memory keeps all that ever ran.
    [IterationSetup]
    public void Setup()
    {
        _services = NoopWorkflow.CreateHost();
        _client = _services.GetRequiredService<IWorkflowClient>();
    }

    [IterationCleanup]
    public void Cleanup() => _services.DisposeAsync().AsTask().GetAwaiter().GetResult();

    [Benchmark(Baseline = true)]
    public Task<int> WhenAll() => NoopWorkflow.InWhenAllAsync(Children);

    [Benchmark]
    public Task<int> Workflow() => _client.RunAsync(Run.Workflow<NoopWorkflow>(), $"run-{_runs++}", Children);
}
