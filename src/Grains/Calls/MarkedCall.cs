using System.Runtime.ExceptionServices;
using Orleans.Runtime;

namespace Sheaf.Calls;

/// <summary>The calling side: marks, calls, and makes exceptions of the failures that come back (rule E6).</summary>
internal static class MarkedCall
{
    /// <summary>Calls a grain and gives its answer, or throws all that its caller's delegate failed with: several as a group.</summary>
    /// <param name="name">What the call is called.</param>
    /// <param name="grain">The grain that is called. Calls that the delegate makes to other grains are not marked.</param>
    /// <param name="call">Makes the call.</param>
    /// <param name="types">The exception types that may be made again; null for the framework's only.</param>
    /// <param name="cancellationToken">Passed to <paramref name="call"/>.</param>
    internal static async Task<T> InvokeAsync<TGrain, T>(string name, TGrain grain, Func<TGrain, CancellationToken, Task<T>> call, FailureTypes? types, CancellationToken cancellationToken)
        where TGrain : IAddressable
    {
        Task<T> task = Start(grain, call, cancellationToken);
        await EndAsync(name, task, types);
        return await task;
    }

    /// <summary>Calls a grain without a value.</summary>
    /// <inheritdoc cref="InvokeAsync{TGrain, T}"/>
    internal static Task InvokeAsync<TGrain>(string name, TGrain grain, Func<TGrain, CancellationToken, Task> call, FailureTypes? types, CancellationToken cancellationToken)
        where TGrain : IAddressable => EndAsync(name, Start(grain, call, cancellationToken), types);

    private static TTask Start<TGrain, TTask>(TGrain grain, Func<TGrain, CancellationToken, TTask> call, CancellationToken cancellationToken)
        where TGrain : IAddressable
        where TTask : Task
    {
        object? before = CallMark.Set(grain.GetGrainId());
        try
        {
            return call(grain, cancellationToken) ?? throw new InvalidOperationException($"The call of {typeof(TGrain)} returned no task.");
        }
        finally
        {
            CallMark.Restore(before);
        }
    }

    private static async Task EndAsync(string name, Task task, FailureTypes? types)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (task.Exception is not { } errors)
        {
            await task;
            return;
        }

        Exception[] restored = [.. errors.InnerExceptions.Select(error => Restored(error, types))];
        ExceptionDispatchInfo.Throw(restored is [var only] ? only : new ExceptionGroup(name, restored));
    }

    /// <summary>
    /// The original where it may be made. What the callee judged a failure must not look like the caller's own cancellation here
    /// (rule R4), so that an <see cref="OperationCanceledException"/> among failures stays a stand-in on this way.
    /// </summary>
    private static Exception Restored(Exception error, FailureTypes? types)
    {
        if (error is not RemoteException remote) return error;
        Exception restored = remote.Failure.ToException(types);
        return WorkEnd.Of(restored, cancellationRequested: true, isCancellation: null).Kind == OutcomeKind.Cancelled ? remote : restored;
    }
}
