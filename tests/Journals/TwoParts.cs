using Microsoft.Extensions.DependencyInjection;

namespace Sheaf.Journals;

/// <summary>A workflow of two workers, the second of which waits for a gate: so that its host can be stopped in the middle.</summary>
[Workflow("two-parts/v1")]
public sealed class TwoParts : Workflow<int, int>
{
    /// <summary>Runs it on a host that stops while the second worker runs, then on another one with the same journal.</summary>
    public static async Task StopAndGoOnAsync(Func<SheafBuilder, IServiceCollection> useJournal, CancellationToken token)
    {
        TaskCompletionSource running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (ServiceProvider first = Host(new Gate(running, Opens: false), useJournal))
        {
            await first.GetRequiredService<IWorkflowClient>().StartAsync(Run.Workflow<TwoParts>(), "two", 20, token);
            await running.Task.WaitAsync(TimeSpan.FromMinutes(2), token);
        }

        await using ServiceProvider second = Host(new Gate(new TaskCompletionSource(), Opens: true), useJournal);
        IWorkflowClient client = second.GetRequiredService<IWorkflowClient>();
        Assert.Equal(41, await client.RunAsync(Run.Workflow<TwoParts>(), "two", 20, token));
        WorkflowDescription description = (await client.DescribeAsync("two", token))!;
        ChildDescription[] parts = [.. Assert.Single(description.Children).Children];
        Assert.Equal([1, 2], parts.Select(part => part.Delivery));
    }

    public override Task<int> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("parts", async group =>
    {
        int twice = await group.Start(Run.Worker<Twice>(), input);
        return await group.Start(Run.Worker<PlusOneBehindTheGate>(), twice);
    });

    private static ServiceProvider Host(Gate gate, Func<SheafBuilder, IServiceCollection> useJournal)
    {
        IServiceCollection services = new ServiceCollection().AddSingleton(gate);
        return useJournal(services.AddSheaf(s => s.AddWorkflow<TwoParts>().AddWorker<Twice>().AddWorker<PlusOneBehindTheGate>())).BuildServiceProvider();
    }

    public sealed record Gate(TaskCompletionSource Running, bool Opens);

    [Worker("twice/v1")]
    public sealed class Twice : Worker<int, int>
    {
        public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(input * 2);
    }

    [Worker("plus-one/v1")]
    public sealed class PlusOneBehindTheGate(Gate gate) : Worker<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
        {
            gate.Running.TrySetResult();
            if (!gate.Opens) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return input + 1;
        }
    }
}
