using Microsoft.Extensions.DependencyInjection;
using Sheaf.Core.Tests.Groups;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>D3: a host that has lost a worker's registration loses nothing else.</summary>
public sealed class UnregisteredWorkerTests
{
    private readonly MemoryJournal _journal = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Start_OfOne_StopsTheWorkflowAndSaysWhich_AndItGoesOnWhereItIsRegistered()
    {
        await using (ServiceProvider without = StartHost(hasWorker: false))
        {
            WorkflowStuckException stuck = await Assert.ThrowsAsync<WorkflowStuckException>(() => ClientOf(without).RunAsync(Run.Workflow<UsesTwo>(), "w", 20).Within("the workflow's stop"));
            Assert.Equal(
                "Workflow 'w' is stuck at child 'waits-at-gate/v1'. No worker is registered as 'waits-at-gate/v1'. Registered: none. Add its class in AddSheaf. Nothing is lost: the workflow goes on when the host has started again with it.",
                stuck.Message);
            Assert.Equal(WorkflowStatus.Stuck, (await ClientOf(without).DescribeAsync("w"))!.Status);
        }

        _opened.SetResult();
        await using ServiceProvider with = StartHost(hasWorker: true);
        Assert.Equal(41, await ClientOf(with).ResultAsync<int>("w").Within("the result"));
    }

    [Fact]
    public async Task Dispose_WithoutAwait_StopsTheHost()
    {
        using (ServiceProvider host = StartHost(hasWorker: true))
        {
            await ClientOf(host).StartAsync(Run.Workflow<UsesTwo>(), "w", 20);
            await _begun.Task.Within("the worker's beginning");
        }

        _opened.SetResult();
        await using ServiceProvider next = StartHost(hasWorker: true);
        Assert.Equal(41, await ClientOf(next).ResultAsync<int>("w").Within("the result"));
    }

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "D3")]
    public async Task Resume_WithoutOneThatRan_StopsTheWorkflow_AndItGoesOnWhereItIsRegistered()
    {
        await using (ServiceProvider first = StartHost(hasWorker: true))
        {
            await ClientOf(first).StartAsync(Run.Workflow<UsesTwo>(), "w", 20);
            await _begun.Task.Within("the worker's beginning");
        }

        await using (ServiceProvider without = StartHost(hasWorker: false))
        {
            WorkflowStuckException stuck = await Assert.ThrowsAsync<WorkflowStuckException>(() => ClientOf(without).ResultAsync<int>("w").Within("the workflow's stop"));
            Assert.Contains("No worker is registered as 'waits-at-gate/v1'", stuck.Message, StringComparison.Ordinal);
        }

        _opened.SetResult();
        await using ServiceProvider with = StartHost(hasWorker: true);
        Assert.Equal(41, await ClientOf(with).ResultAsync<int>("w").Within("the result"));
        ChildDescription child = (await ClientOf(with).DescribeAsync("w"))!.Children[0].Children[0];
        Assert.Equal((1, OutcomeKind.Succeeded), (child.Attempt, child.Outcome));
    }

    private ServiceProvider StartHost(bool hasWorker)
    {
        ServiceCollection services = new();
        services.AddSingleton(new Gates(_begun, _opened));
        services.AddSheaf(sheaf => hasWorker ? sheaf.AddWorkflow<UsesTwo>().AddWorker<WaitsAtGate>() : sheaf.AddWorkflow<UsesTwo>()).UseEmbedded(_journal);
        return services.BuildServiceProvider();
    }

    private static IWorkflowClient ClientOf(ServiceProvider host) => host.GetRequiredService<IWorkflowClient>();

    internal sealed record Gates(TaskCompletionSource Begun, TaskCompletionSource Opened);

    [Workflow("uses-two/v1")]
    internal sealed class UsesTwo : Workflow<int, int>
    {
        public override Task<int> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        {
            ChildTask<int> one = group.Start(Run.Worker<WaitsAtGate>(), input);
            ChildTask<int> two = group.Start(Run.Worker<WaitsAtGate>(), input + 1);
            return await one + await two;
        });
    }

    [Worker("waits-at-gate/v1")]
    internal sealed class WaitsAtGate(Gates gates) : Worker<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
        {
            gates.Begun.TrySetResult();
            await gates.Opened.Task.WaitAsync(cancellationToken);
            return input;
        }
    }
}
