using System.Runtime.ExceptionServices;

namespace Sheaf;

/// <summary>
/// Sorts the failures of an exception group, statement by statement (rule E3): each is taken once, by the first that matches, and
/// <see cref="ThrowIfAny"/> throws what nobody took, in its own shape.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
/// <example>
/// <code>
/// catch (ExceptionGroup failures)
/// {
///     Sieve rest = failures.Sift();
///     if (rest.Take&lt;HttpRequestException&gt;() is { } transient) await log.WarnAsync(transient);
///     rest.ThrowIfAny();
/// }
/// </code>
/// </example>
public sealed class Sieve
{
    private readonly Exception _original;
    private readonly ExceptionGroup _whole;

    /// <summary>A sieve that holds all that was caught.</summary>
    /// <param name="original">What was caught, and is thrown again if nothing is taken.</param>
    /// <param name="whole">The same as a group.</param>
    internal Sieve(Exception original, ExceptionGroup whole)
    {
        _original = original;
        _whole = whole;
        Rest = whole;
    }

    /// <summary>What nobody has taken, always as a group; null when all is taken.</summary>
    public ExceptionGroup? Rest { get; private set; }

    /// <summary>Takes the failures of a type.</summary>
    /// <typeparam name="T">The type; matched as in <see cref="ExceptionGroup.Split{T}()"/>. Not an aggregate type.</typeparam>
    /// <returns>Them, in their nesting, or null where there are none left.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is an aggregate type; nothing is taken.</exception>
    public ExceptionGroup? Take<T>()
        where T : Exception => TakeWhere(LeafMatch.Type<T>());

    /// <summary>Takes the failures of either type.</summary>
    /// <typeparam name="T1">One type; matched as in <see cref="ExceptionGroup.Split{T}()"/>. Not an aggregate type.</typeparam>
    /// <typeparam name="T2">The other type, likewise.</typeparam>
    /// <returns>Them, as one group in their nesting, or null where there are none left.</returns>
    /// <exception cref="ArgumentException">A type is an aggregate type; nothing is taken.</exception>
    public ExceptionGroup? Take<T1, T2>()
        where T1 : Exception
        where T2 : Exception => TakeWhere(LeafMatch.Type<T1, T2>());

    /// <summary>Takes the failures of any of three types.</summary>
    /// <typeparam name="T1">One type; matched as in <see cref="ExceptionGroup.Split{T}()"/>. Not an aggregate type.</typeparam>
    /// <typeparam name="T2">Another type, likewise.</typeparam>
    /// <typeparam name="T3">Another type, likewise.</typeparam>
    /// <returns>Them, as one group in their nesting, or null where there are none left.</returns>
    /// <exception cref="ArgumentException">A type is an aggregate type; nothing is taken.</exception>
    public ExceptionGroup? Take<T1, T2, T3>()
        where T1 : Exception
        where T2 : Exception
        where T3 : Exception => TakeWhere(LeafMatch.Type<T1, T2, T3>());

    /// <summary>Takes the failures that satisfy a predicate.</summary>
    /// <param name="predicate">
    /// Asked once for each leaf that is left; never for groups and <see cref="OmittedFailures"/>. What it throws comes out of this
    /// method, and nothing is taken.
    /// </param>
    /// <returns>Them, in their nesting, or null where there are none left.</returns>
    public ExceptionGroup? Take(Func<Exception, bool> predicate) => TakeWhere(LeafMatch.Predicate(predicate));

    /// <summary>
    /// Throws what nobody took; does nothing where all is taken. Where nothing was taken it throws the very exception that was sifted,
    /// a naked one naked, with its stack trace kept.
    /// </summary>
    public void ThrowIfAny()
    {
        if (Rest is null) return;
        // A throw statement would lose the stack trace that they have.
        ExceptionDispatchInfo.Throw(ReferenceEquals(Rest, _whole) ? _original : Rest);
    }

    private ExceptionGroup? TakeWhere(Func<Exception, bool> matches)
    {
        if (Rest is null) return null;
        (ExceptionGroup? taken, Rest) = GroupSplit.Split(Rest, matches);
        return taken;
    }
}
