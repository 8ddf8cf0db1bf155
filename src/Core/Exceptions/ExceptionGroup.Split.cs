namespace Sheaf;

/// <content>Splitting by leaves (rule E2).</content>
public partial class ExceptionGroup
{
    /// <summary>Splits the tree into the leaves of a type and the others.</summary>
    /// <typeparam name="T">
    /// The type looked for; subtypes match, and so do a <see cref="RemoteException"/> and <see cref="OmittedFailures"/> that stand for
    /// it, by type name. <see cref="Exception"/> matches everything. Not an aggregate type.
    /// </typeparam>
    /// <returns>
    /// Two groups with the nesting, origins, cause and stack trace of this one; groups that would be empty are dropped, groups of one
    /// stay. Where all match, <c>Matched</c> is this instance and <c>Rest</c> is null; where none does, the reverse.
    /// </returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is an aggregate type.</exception>
    public ExceptionGroupSplit Split<T>()
        where T : Exception => GroupSplit.Split(this, LeafMatch.Type<T>());

    /// <summary>Splits the tree into the leaves that satisfy a predicate and the others; see <see cref="Split{T}()"/>.</summary>
    /// <param name="predicate">
    /// Asked once for each leaf, in order; never for groups, and never for <see cref="OmittedFailures"/>, which stay in the rest. What it
    /// throws comes out of this method.
    /// </param>
    public ExceptionGroupSplit Split(Func<Exception, bool> predicate) =>
        GroupSplit.Split(this, LeafMatch.Predicate(predicate));

    /// <summary>The first half of <see cref="Split{T}()"/>: the part with leaves of a type, or null.</summary>
    /// <typeparam name="T">The type looked for; see <see cref="Split{T}()"/>.</typeparam>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is an aggregate type.</exception>
    public ExceptionGroup? Subgroup<T>()
        where T : Exception => Split<T>().Matched;

    /// <summary>The first half of <see cref="Split(Func{Exception, bool})"/>: the part whose leaves satisfy a predicate, or null.</summary>
    /// <param name="predicate">See <see cref="Split(Func{Exception, bool})"/>.</param>
    public ExceptionGroup? Subgroup(Func<Exception, bool> predicate) => Split(predicate).Matched;
}
