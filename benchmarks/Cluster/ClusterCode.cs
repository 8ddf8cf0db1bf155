using System.Collections.Concurrent;
using System.Diagnostics;
using Sheaf.Benchmarks.Durable;
using Sheaf.Benchmarks.Embedded;

namespace Sheaf.Benchmarks.Cluster;

/// <summary>The workflows and workers of the cluster's figures. All silos are in this process, so workers can note times in fields.</summary>
public static class ClusterCode
{
    /// <summary>When each child was signalled.</summary>
    public static ConcurrentBag<long> Signalled { get; } = [];

    private static int _running;

    /// <summary>How many children wait to be signalled.</summary>
    public static int Running => Volatile.Read(ref _running);

    /// <summary>When the last child failed.</summary>
    public static long LastFailure => Volatile.Read(ref _lastFailure);

    private static long _lastFailure;

    /// <summary>Registers them.</summary>
    public static SheafBuilder Add(SheafBuilder sheaf) => sheaf
        .AddWorkflow<NoopWorkflow>().AddWorkflow<NoopMapWorkflow>().AddWorker<NoopWorker>()
        .AddWorkflow<WaitingWorkflow>().AddWorker<WaitingWorker>()
        .AddWorkflow<FailingWorkflow>().AddWorker<FailingWorker>()
        .AddWorkflow<SignalledWorkflow>().AddWorkflow<SignalledMapWorkflow>()
        .AddWorkflow<HeldWorkflow>().AddWorker<HeldWorker>();

    /// <summary>Starts so many children that wait for their cancellation.</summary>
    [Workflow("benchmarks.waiting/v1")]
    public sealed class WaitingWorkflow : Workflow<int, int>
    {
        /// <inheritdoc/>
        public override Task<int> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("waiting", group =>
        {
            for (int i = 0; i < input; i++) _ = group.Start(Run.Worker<WaitingWorker>(), i);
            return Task.FromResult(input);
        });
    }

    /// <summary>Waits for its cancellation.</summary>
    [Worker("benchmarks.waiting-worker/v1")]
    public sealed class WaitingWorker : Worker<int, int>
    {
        /// <inheritdoc/>
        public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
        {
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(_ => Signalled.Add(Stopwatch.GetTimestamp()), null);
            Interlocked.Increment(ref _running);
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _running);
            }

            return input;
        }
    }

    /// <summary>Starts so many children that fail, and waits for them all.</summary>
    [Workflow("benchmarks.failing/v1")]
    public sealed class FailingWorkflow : Workflow<int, int>
    {
        /// <inheritdoc/>
        public override Task<int> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("failing", group =>
        {
            for (int i = 0; i < input; i++) _ = group.Start(Run.Worker<FailingWorker>(), i);
            return Task.FromResult(input);
        }, new WorkflowGroupOptions { Policy = GroupPolicy.CollectAll });
    }

    /// <summary>Fails, in one of two ways.</summary>
    [Worker("benchmarks.failing-worker/v1")]
    public sealed class FailingWorker : Worker<int, int>
    {
        /// <inheritdoc/>
        public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
        {
            Volatile.Write(ref _lastFailure, Stopwatch.GetTimestamp());
            throw input % 2 == 0 ? new FormatException($"child {input}") : new TimeoutException($"child {input}");
        }
    }
}
