namespace Sheaf;

/// <summary>
/// Names a worker for the call that starts it. Covariant, so that the types of input and value are inferred from the
/// worker's class. Made by <see cref="Run.Worker{TWorker}"/>.
/// </summary>
/// <typeparam name="TWorker">The worker's class, or the <see cref="Worker{TIn, TOut}"/> that it is.</typeparam>
public interface IWorkerRef<out TWorker>
    where TWorker : class
{
    /// <summary>The name that the worker is registered under.</summary>
    string Name { get; }
}
