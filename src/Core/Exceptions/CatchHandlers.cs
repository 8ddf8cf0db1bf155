namespace Sheaf;

/// <summary>
/// The handlers of one <see cref="ExceptionGroup.CatchAsync"/>, in order: the first that matches a failure takes it (rule E3).
/// </summary>
/// <remarks>
/// Every handler gets a group, also for a single failure, and is asynchronous; one with nothing to await returns
/// <see cref="Task.CompletedTask"/>. Not thread-safe.
/// </remarks>
public sealed class CatchHandlers
{
    private readonly List<(Func<Exception, bool> Matches, Func<ExceptionGroup, Task> Handler)> _handlers = [];

    private CatchHandlers()
    {
    }

    internal IReadOnlyList<(Func<Exception, bool> Matches, Func<ExceptionGroup, Task> Handler)> InOrder => _handlers;

    /// <summary>Adds a handler for failures of a type.</summary>
    /// <typeparam name="T">The type; matched as in <see cref="ExceptionGroup.Split{T}()"/>. Not an aggregate type.</typeparam>
    /// <param name="handler">Gets them as a group, at most once.</param>
    /// <returns>This instance.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is an aggregate type.</exception>
    public CatchHandlers Type<T>(Func<ExceptionGroup, Task> handler)
        where T : Exception => Add(LeafMatch.Type<T>(), handler);

    /// <summary>Adds a handler for failures of either type.</summary>
    /// <typeparam name="T1">One type; matched as in <see cref="ExceptionGroup.Split{T}()"/>. Not an aggregate type.</typeparam>
    /// <typeparam name="T2">The other type, likewise.</typeparam>
    /// <param name="handler">Gets them as one group, at most once.</param>
    /// <returns>This instance.</returns>
    /// <exception cref="ArgumentException">A type is an aggregate type.</exception>
    public CatchHandlers Type<T1, T2>(Func<ExceptionGroup, Task> handler)
        where T1 : Exception
        where T2 : Exception => Add(LeafMatch.Type<T1, T2>(), handler);

    /// <summary>Adds a handler for failures that satisfy a predicate.</summary>
    /// <param name="predicate">Asked for leaves only, and never for <see cref="OmittedFailures"/>.</param>
    /// <param name="handler">Gets them as a group, at most once.</param>
    /// <returns>This instance.</returns>
    public CatchHandlers When(Func<Exception, bool> predicate, Func<ExceptionGroup, Task> handler) =>
        Add(LeafMatch.Predicate(predicate), handler);

    internal static CatchHandlers Build(Func<CatchHandlers, CatchHandlers> on)
    {
        ArgumentNullException.ThrowIfNull(on);
        return on(new()) ?? throw new ArgumentException("It has to return the handlers that it was given.", nameof(on));
    }

    private CatchHandlers Add(Func<Exception, bool> matches, Func<ExceptionGroup, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _handlers.Add((matches, handler));
        return this;
    }
}
