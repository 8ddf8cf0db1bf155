namespace Sheaf;

/// <summary>
/// The ways of handling exception groups, for exceptions that may be groups or not: a naked one counts as a group of one (rule E3).
/// </summary>
public static class ExceptionGroupExtensions
{
    /// <summary>Begins to sort this exception's failures; see <see cref="Sieve"/>.</summary>
    /// <param name="exception">
    /// An exception group, an <see cref="AggregateException"/>, or a naked exception, which is rethrown naked if nobody takes it.
    /// </param>
    public static Sieve Sift(this Exception exception) => new(exception, ExceptionGroup.From(exception));

    /// <summary>Handles this exception's failures like Python's <c>except*</c>; see <see cref="ExceptionGroup.CatchAsync"/>.</summary>
    /// <param name="exception">
    /// An exception group, an <see cref="AggregateException"/>, or a naked exception, which is rethrown naked if nobody takes it.
    /// </param>
    /// <param name="on">Names the handlers. They get groups always.</param>
    public static Task CatchAsync(this Exception exception, Func<CatchHandlers, CatchHandlers> on) =>
        ExceptStar.RunAsync(exception, ExceptionGroup.From(exception), CatchHandlers.Build(on));
}
