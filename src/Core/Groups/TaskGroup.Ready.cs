namespace Sheaf;

/// <summary>Children that say when they are ready.</summary>
public sealed partial class TaskGroup
{
    /// <summary>
    /// Starts a child that goes on after its start, such as a server: awaiting what this returns waits until the child says
    /// <see cref="ReadyContext{TReady}.Ready"/>, and gives the value (rule R14).
    /// </summary>
    /// <typeparam name="TReady">The type of the value that the child is ready with.</typeparam>
    /// <param name="name">The child's name, as for <see cref="Start(string, Func{CancellationToken, Task}, ChildOptions?)"/>.</param>
    /// <param name="work">The work. Its token is signalled when the group is cancelled.</param>
    /// <param name="options">What this child is allowed; <see langword="null"/> for the defaults.</param>
    /// <returns>The start. The child has run up to its first wait, or waits for a place in the window.</returns>
    /// <remarks>
    /// <para>
    /// A failure before the child is ready is thrown to whoever awaits the start and cancels nobody; it counts in the group only if nobody
    /// awaits. A child that returns without being ready has failed with <see cref="InvalidOperationException"/>, unless its token was
    /// signalled: then it was cancelled. A failure afterwards is that of any child.
    /// </para>
    /// <para>
    /// Retries (rule R12) are for getting ready: a child that is ready is not tried again, since its starter holds a value of the attempt that
    /// failed. <see cref="RetryPolicy.AttemptTimeout"/> bounds the whole attempt, ready or not.
    /// </para>
    /// </remarks>
    /// <inheritdoc cref="Start{T}(string, Func{CancellationToken, Task{T}}, ChildOptions?)" path="/exception"/>
    public ChildStart<TReady> StartAsync<TReady>(string name, Func<ReadyContext<TReady>, CancellationToken, Task> work, ChildOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        Readiness<TReady> readiness = new(CheckName(name));
        return new(readiness, StartCore<Nothing>(name, token => work(readiness.BeginAttempt(), token), (options ?? ChildOptions.Default) with { Readiness = readiness }));
    }

    /// <summary>Starts a child that says when it is ready, and ends with a value (rule R14).</summary>
    /// <typeparam name="TReady">The type of the value that the child is ready with.</typeparam>
    /// <typeparam name="T">The type of the value that it ends with.</typeparam>
    /// <inheritdoc cref="StartAsync{TReady}(string, Func{ReadyContext{TReady}, CancellationToken, Task}, ChildOptions?)"/>
    public ChildStart<TReady, T> StartAsync<TReady, T>(string name, Func<ReadyContext<TReady>, CancellationToken, Task<T>> work, ChildOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        Readiness<TReady> readiness = new(CheckName(name));
        return new(readiness, StartCore<T>(name, token => work(readiness.BeginAttempt(), token), (options ?? ChildOptions.Default) with { Readiness = readiness }));
    }
}
