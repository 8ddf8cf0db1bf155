namespace Sheaf;

/// <content>Handling some failures and passing on the others (rule E3).</content>
public partial class ExceptionGroup
{
    /// <summary>Begins to sort these failures, statement by statement; see <see cref="Sieve"/>.</summary>
    public Sieve Sift() => new(this, this);

    /// <summary>
    /// Handles failures like Python's <c>except*</c>: the handlers run one after the other, in order, each at most once and with the
    /// group of those failures that match it and no handler before it.
    /// </summary>
    /// <param name="on">Names the handlers: <c>on => on.Type&lt;IOException&gt;(async group => …).When(…)</c>.</param>
    /// <returns>
    /// A task that ends when the last handler has. It fails with what no handler took: with this very instance, its stack kept, where
    /// nothing was taken. What handlers throw, cancellation included, becomes a sibling of that in a new group; where nothing else is
    /// left and one handler threw, the task fails with that exception itself. A handler that throws the group that it was given, or a
    /// part of it by splitting, has not taken it: it goes back to its place among what is left. A predicate that throws counts as a
    /// handler that threw and took nothing.
    /// </returns>
    /// <remarks>Handlers run where the caller awaits: on its synchronization context or task scheduler, if it has one.</remarks>
    /// <exception cref="ArgumentException">A handler is for an aggregate type. No handler has run.</exception>
    public Task CatchAsync(Func<CatchHandlers, CatchHandlers> on) => ExceptStar.RunAsync(this, this, CatchHandlers.Build(on));
}
