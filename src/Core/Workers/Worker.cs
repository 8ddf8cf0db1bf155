using Sheaf.Engine;

namespace Sheaf;

/// <summary>The base of all workers; derive from <see cref="Worker{TIn, TOut}"/>.</summary>
public abstract class Worker
{
    private protected Worker()
    {
    }

    /// <summary>Runs the worker. Its own task comes back, since a task made around it would have only the first of its exceptions.</summary>
    internal abstract Task RunUntypedAsync(JsonInput input, Payloads payloads, WorkerContext context, CancellationToken cancellationToken);

    /// <summary>The value of a task that succeeded, as JSON text.</summary>
    internal abstract string? ValueOf(Task task, Payloads payloads);

    private protected string? ValueOf<TOut>(Task task, Payloads payloads) => payloads.Write(((Task<TOut>)task).Result, "value of worker", GetType().Name);
}

/// <summary>Registered code that a child runs, in any process of the host.</summary>
/// <typeparam name="TIn">The type of the input; it crosses processes as JSON.</typeparam>
/// <typeparam name="TOut">The type of the value; it crosses processes as JSON.</typeparam>
/// <remarks>
/// <para>
/// <b>Effects happen at least once, outcomes exactly once</b> (rule D2). A process that dies takes the delivery with it,
/// and the child is delivered again, up to 5 times an attempt: make effects idempotent with
/// <see cref="WorkerContext.IdempotencyKey"/>, or refuse old deliveries by <see cref="WorkerContext.FencingToken"/>.
/// </para>
/// <para>
/// One instance a delivery, with constructor injection from a scope of its own. It runs on the thread pool. What it
/// throws is a failure, and reaches the workflow and its client as data: type, message, stack, inner exceptions. It is
/// judged as cancelled only if <see cref="OperationCanceledException"/> leaves it after its token was signalled (rule R4).
/// </para>
/// </remarks>
public abstract class Worker<TIn, TOut> : Worker
{
    /// <summary>Does the work.</summary>
    /// <param name="input">The input.</param>
    /// <param name="context">Which child, attempt and delivery this is.</param>
    /// <param name="cancellationToken">Signalled when the child's group is cancelled, or its attempt takes too long.</param>
    /// <returns>The value.</returns>
    public abstract Task<TOut> RunAsync(TIn input, WorkerContext context, CancellationToken cancellationToken);

    internal override Task RunUntypedAsync(JsonInput input, Payloads payloads, WorkerContext context, CancellationToken cancellationToken) =>
        RunAsync(input.Read<TIn>(payloads)!, context, cancellationToken);

    internal override string? ValueOf(Task task, Payloads payloads) => ValueOf<TOut>(task, payloads);
}
