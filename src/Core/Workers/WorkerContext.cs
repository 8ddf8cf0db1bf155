namespace Sheaf;

/// <summary>Which delivery of which child a worker runs.</summary>
/// <remarks>Thread-safe.</remarks>
public class WorkerContext
{
    internal WorkerContext(IWorkerCall call, int attempt)
    {
        Call = call;
        Attempt = attempt;
    }

    // What few workers ask for is made when it is asked for: a map has one of these an input.
    internal IWorkerCall Call { get; }

    /// <summary>The workflow that this child belongs to.</summary>
    public WorkflowId WorkflowId => Call.Workflow;

    /// <summary>The child's name.</summary>
    public string Child => Call.Child;

    /// <summary>The worker's registered name.</summary>
    public string Worker => Call.Worker;

    /// <summary>The attempt, from 1: raised by a retry.</summary>
    public int Attempt { get; }

    /// <summary>Rises with each delivery of the child: a resource that remembers the highest can refuse the late ones (rule D2).</summary>
    public long FencingToken => Call.Delivery;

    /// <summary>The same for every attempt and delivery of the child, and for no other child.</summary>
    public string IdempotencyKey => Call.Key;

    /// <summary>When the time of the child's groups is up, of those around its workflow too where that is nested; <see langword="null"/> for never (rule R7).</summary>
    public DateTimeOffset? Deadline => Call.Deadline;

    /// <summary>Why the token was signalled (rule C1); <see langword="null"/> while the group is not cancelled, and for an attempt that took too long.</summary>
    public CancellationCause? CancellationCause => Call.Cause;

    /// <summary>Starts a sibling of this child in its group (rule R2). Idempotent by this child and the name.</summary>
    /// <typeparam name="TIn">The type of the sibling's input.</typeparam>
    /// <typeparam name="TOut">The type of its value, which nobody awaits.</typeparam>
    /// <param name="name">The sibling's name.</param>
    /// <param name="worker">What it runs.</param>
    /// <param name="input">Its input.</param>
    /// <returns>A task that ends when the sibling's start is durable.</returns>
    /// <exception cref="OperationCanceledException">The group is cancelled, or this delivery is not the current one any more: nothing was started.</exception>
    public Task SpawnAsync<TIn, TOut>(string name, IWorkerRef<Worker<TIn, TOut>> worker, TIn input)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(worker);
        return Call.SpawnAsync(name, worker.Name, Call.Payloads.Write(input, "input of worker", worker.Name)!);
    }
}
