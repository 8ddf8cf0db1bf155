using Sheaf.Benchmarks.Embedded;

namespace Sheaf.Benchmarks.Durable;

/// <summary>As <see cref="NoopWorkflow"/>, and then it waits for a signal: what it comes back to after a crash.</summary>
[Workflow("benchmarks.signalled/v1")]
public sealed class SignalledWorkflow : Workflow<int, int>
{
    /// <summary>The signal.</summary>
    public const string Signal = "go";

    /// <summary>Returns when a workflow of this kind waits for its signal, durably.</summary>
    public static async Task WaitsAsync(IWorkflowClient client, WorkflowId id)
    {
        await foreach (WorkflowEvent seen in client.WatchAsync(id))
        {
            if (seen is { Kind: WorkflowEventKind.ChildStarted, Path: [Signal] }) return;
        }

        throw new InvalidOperationException($"Workflow '{id}' ended before it had waited.");
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(int input, WorkflowContext workflow)
    {
        int ended = input == 0 ? 0 : await new NoopWorkflow().RunAsync(input, workflow);
        return ended + await workflow.WaitForAsync<int>(Signal);
    }
}

/// <summary>As <see cref="SignalledWorkflow"/>, by a map.</summary>
[Workflow("benchmarks.signalled-map/v1")]
public sealed class SignalledMapWorkflow : Workflow<int, int>
{
    /// <inheritdoc/>
    public override async Task<int> RunAsync(int input, WorkflowContext workflow) =>
        await new NoopMapWorkflow().RunAsync(input, workflow) + await workflow.WaitForAsync<int>(SignalledWorkflow.Signal);
}
