using Sheaf.Engine;

namespace Sheaf;

/// <summary>Registered code of a child that goes on after its start, such as a sandbox or a server: it says when it is ready, and with what (rule R14).</summary>
/// <typeparam name="TIn">The type of the input; it crosses processes as JSON.</typeparam>
/// <typeparam name="TReady">The type of the value that it is ready with; it crosses processes as JSON.</typeparam>
/// <typeparam name="TOut">The type of the value that it ends with; it crosses processes as JSON.</typeparam>
/// <remarks>
/// <para>
/// Started with <see cref="WorkflowGroup.StartAsync{TIn, TReady, TOut}(string, IWorkerRef{ReadyWorker{TIn, TReady, TOut}}, TIn, ChildOptions?)"/>. Until it is
/// ready it is delivered and tried again as any worker. Then it is not: whoever started it holds what this very delivery is ready with. A process that
/// dies with it is its failure, a <see cref="WorkerLostException"/>, and so is one that stops in order.
/// </para>
/// <para>
/// Otherwise it is as <see cref="Worker{TIn, TOut}"/>: effects happen at least once, outcomes exactly once; one instance a delivery, with
/// constructor injection from a scope of its own, on the thread pool.
/// </para>
/// </remarks>
public abstract class ReadyWorker<TIn, TReady, TOut> : Worker
{
    /// <summary>Does the work, and says in it when it is ready.</summary>
    /// <param name="input">The input.</param>
    /// <param name="context">Which child, attempt and delivery this is, and where it says that it is ready.</param>
    /// <param name="cancellationToken">Signalled when the child's group is cancelled, or its attempt takes too long.</param>
    /// <returns>The value. Returning without having said that it is ready is a failure, unless the token was signalled: then it was cancelled.</returns>
    public abstract Task<TOut> RunAsync(TIn input, ReadyWorkerContext<TReady> context, CancellationToken cancellationToken);

    internal override Task RunUntypedAsync(JsonInput input, Payloads payloads, WorkerContext context, CancellationToken cancellationToken) =>
        RunAsync(input.Read<TIn>(payloads)!, new ReadyWorkerContext<TReady>(context.Call, context.Attempt), cancellationToken);

    internal override string? ValueOf(Task task, Payloads payloads) => ValueOf<TOut>(task, payloads);
}
