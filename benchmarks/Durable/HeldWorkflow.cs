using System.Collections.Concurrent;
using System.Diagnostics;

namespace Sheaf.Benchmarks.Durable;

/// <summary>A workflow of one child that waits for its cancellation: it runs where its workflow is owned, and is lost with it.</summary>
[Workflow("benchmarks.held/v1")]
public sealed class HeldWorkflow : Workflow<int, int>
{
    /// <inheritdoc/>
    public override Task<int> RunAsync(int input, WorkflowContext workflow) =>
        workflow.GroupAsync("held", async group => await group.Start(Run.Worker<HeldWorker>(), input));
}

/// <summary>Says when it is delivered, and waits for its cancellation.</summary>
[Worker("benchmarks.held-worker/v1")]
public sealed class HeldWorker : Worker<int, int>
{
    private static readonly ConcurrentDictionary<(WorkflowId Workflow, long Delivery), TaskCompletionSource<long>> Delivered = new();

    /// <summary>Completes with the time of a workflow's delivery; the first one is 1.</summary>
    public static Task<long> WhenDeliveredAsync(WorkflowId workflow, long delivery) => Of(workflow, delivery).Task;

    /// <inheritdoc/>
    public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
    {
        Of(context.WorkflowId, context.FencingToken).TrySetResult(Stopwatch.GetTimestamp());
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return input;
    }

    private static TaskCompletionSource<long> Of(WorkflowId workflow, long delivery) =>
        Delivered.GetOrAdd((workflow, delivery), static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
