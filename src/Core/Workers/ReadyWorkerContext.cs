namespace Sheaf;

/// <summary>Which delivery of which child a worker runs, and where it says that it is ready.</summary>
/// <typeparam name="TReady">The type of the value that it is ready with.</typeparam>
/// <remarks>Thread-safe.</remarks>
public sealed class ReadyWorkerContext<TReady> : WorkerContext
{
    internal ReadyWorkerContext(IWorkerCall call, int attempt)
        : base(call, attempt)
    {
    }

    /// <summary>Says that the child is ready (rule R14): its start completes with the value.</summary>
    /// <param name="value">What it is ready with.</param>
    /// <returns>A task that ends when that is durable: from then on the child is not delivered again. The child's end waits for it, awaited or not.</returns>
    /// <remarks>Legal in a cancelled group too.</remarks>
    /// <exception cref="InvalidOperationException">It was said before, or the attempt has ended.</exception>
    /// <exception cref="PayloadTooLargeException">The value is over the limit (rule D10).</exception>
    /// <exception cref="OperationCanceledException">This delivery is not the current one any more: nobody waits for it.</exception>
    public Task ReadyAsync(TReady value) => Call.ReadyAsync(Call.Payloads.Write(value, "value of ready worker", Call.Worker));
}
