using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>All failures of a task group, as a tree: groups inside are nested task groups, leaves are failures (rules E1 to E8).</summary>
/// <remarks>
/// <para>
/// It is an <see cref="AggregateException"/>, so that loggers and debuggers know it. Its message names counts and types only;
/// <see cref="ToString"/> draws the tree. A plain <see cref="AggregateException"/> inside is treated as a group everywhere.
/// </para>
/// <para>
/// To handle some of the failures and pass on the others use <see cref="Sift"/> or <see cref="CatchAsync"/>; to look at them use
/// <see cref="Leaves"/>.
/// </para>
/// <para>Never empty. Immutable, and therefore safe for use by several threads.</para>
/// </remarks>
[DebuggerDisplay("{Message,nq}")]
[JsonConverter(typeof(ExceptionGroupJsonConverter))]
public partial class ExceptionGroup : AggregateException
{
    private static readonly IReadOnlyList<FailureOrigin> NoOrigins = [];

    // Parallel to InnerExceptions; null where no child has an origin. Set once, before anyone else sees the group.
    private IReadOnlyList<FailureOrigin>[]? _origins;

    // The group that this one is a part of by Split; null where it is nobody's part. Tells a rethrown part from a new group (rule E3).
    private ExceptionGroup? _wholeOf;

    // Computed when first asked for. Two threads may do so at once, with the same result.
    private string? _message;

    /// <summary>Makes a group of these exceptions.</summary>
    /// <param name="message">What failed, such as the task group's name; may be empty. <see cref="Message"/> adds the counts.</param>
    /// <param name="exceptions">The failures, in order: at least one, none of them null. They are copied.</param>
    /// <exception cref="ArgumentException"><paramref name="exceptions"/> is empty or contains null.</exception>
    public ExceptionGroup(string message, IEnumerable<Exception> exceptions)
        : base(NotNull(message), Copy(exceptions)) => Title = message;

    internal ExceptionGroup(string message, Children children, CancellationCause? cause)
        : this(message, children.Exceptions)
    {
        SetOrigins(children.Origins);
        Cause = cause;
    }

    /// <summary>What cancelled the task group; <see langword="null"/> where nothing did.</summary>
    public CancellationCause? Cause { get; private set; }

    /// <summary>
    /// The title with counts, such as <c>tools (3 failures: 2 FormatException, 1 IOException)</c>: one short line, whatever is
    /// inside.
    /// </summary>
    public override string Message => _message ??= GroupText.Message(this);

    /// <summary>The message as it was given, without the counts.</summary>
    public string Title { get; }

    /// <summary>What this group is a part of, as far as splitting goes back; itself where it is nobody's part.</summary>
    internal ExceptionGroup Whole => _wholeOf ?? this;

    /// <summary>
    /// The group inside <paramref name="exception"/>: undoes the wrapping by <c>Task.Wait()</c> and <c>Task.Exception</c>.
    /// </summary>
    /// <param name="exception">
    /// An <see cref="ExceptionGroup"/> is returned as it is, and so is one that an <see cref="AggregateException"/> holds alone; any
    /// other <see cref="AggregateException"/> becomes a group with the same nesting, and any other exception a group of one.
    /// </param>
    public static ExceptionGroup From(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        Exception inner = exception;
        while (inner is not ExceptionGroup && inner is AggregateException { InnerExceptions: [var only] }) inner = only;
        if (inner is ExceptionGroup group) return group;
        if (!GroupTree.IsGroup(exception)) return new("", [exception]);

        var plain = (AggregateException)exception;
        ExceptionGroup converted = new(GroupTree.TitleOf(plain), plain.InnerExceptions);
        StackText.Carry(plain, converted);
        return converted;
    }

    /// <summary>
    /// A group of all leaves without nesting, in order. Origins keep their full paths. An instance that occurs several times occurs
    /// once, with all its origins, and <see cref="OmittedFailures"/> of one type become one, at the end.
    /// </summary>
    /// <returns>A group without groups inside; this instance where that is what it is already.</returns>
    public new ExceptionGroup Flatten() => FlatGroup.Of(this);

    /// <summary>Not for exception groups: it would throw a plain <see cref="AggregateException"/> without nesting and origins.</summary>
    /// <param name="predicate">Not used.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    [Obsolete("Use Sift or CatchAsync: Handle would throw a plain AggregateException, without nesting and origins.", error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    public new void Handle(Func<Exception, bool> predicate) => throw new NotSupportedException("Use Sift or CatchAsync.");

    /// <summary>
    /// The message, the cause, the tree with a line a leaf, then the stack traces of the first few leaves; bounded in width, depth
    /// and length (rule E8). Never throws.
    /// </summary>
    public override string ToString() => TreeText.WithTraces(this);

    /// <summary>
    /// The message, the cause and the tree with a line a leaf, without stack traces; bounded like <see cref="ToString"/>. Never
    /// throws.
    /// </summary>
    /// <param name="maxChildren">How many children of one group are drawn before the rest is counted. At least 1.</param>
    public string ToTreeString(int maxChildren = TreeText.DefaultMaxChildren)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxChildren, 1);
        return TreeText.Tree(this, maxChildren);
    }

    /// <summary>The failures among outcomes, each with its origin: for children that were asked how they ended, instead of awaited.</summary>
    /// <param name="title">What the group is called.</param>
    /// <param name="outcomes">The outcomes, failed or not.</param>
    /// <param name="maxFailures">How many failures are kept in full; the rest are counted by type (rule E7). At least 1.</param>
    /// <returns>The group; <see langword="null"/> where none failed.</returns>
    public static ExceptionGroup? Of(string title, IEnumerable<Outcome> outcomes, int maxFailures = 100)
    {
        ArgumentException.ThrowIfNullOrEmpty(title);
        ArgumentNullException.ThrowIfNull(outcomes);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFailures, 1);
        FailureCollector collector = new(maxFailures);
        foreach (Outcome outcome in outcomes)
        {
            if (outcome is { Kind: OutcomeKind.Failed or OutcomeKind.Abandoned, Exception: { } exception }) collector.Add(exception, outcome.Origin!);
        }

        return collector.Build(title, cause: null);
    }

    /// <summary>
    /// Makes the group that holds a part of this one's exceptions. Override it to keep a subclass through splitting (rule E2).
    /// </summary>
    /// <param name="message">This group's message as it was given.</param>
    /// <param name="exceptions">The exceptions of the part, at least one.</param>
    /// <returns>A new group of exactly these exceptions. Origins, cause and stack trace are added to it by the caller.</returns>
    protected virtual ExceptionGroup Derive(string message, IReadOnlyList<Exception> exceptions) => new(message, exceptions);

    /// <summary>The origins of a child, relative to this group.</summary>
    internal IReadOnlyList<FailureOrigin> OriginsAt(int index) => _origins?[index] ?? NoOrigins;

    /// <summary>A group like <paramref name="like"/> with other children: title, cause and stack trace stay.</summary>
    internal static ExceptionGroup Rebuild(AggregateException like, Children children)
    {
        ExceptionGroup rebuilt;
        if (like is ExceptionGroup group)
        {
            rebuilt = group.Derive(group.Title, children.Exceptions);
            if (rebuilt is null || ReferenceEquals(rebuilt, group) || !SameInstances(rebuilt.InnerExceptions, children.Exceptions))
            {
                throw new InvalidOperationException(
                    $"{group.GetType()}.{nameof(Derive)} has to return a new group of exactly the exceptions that it is given.");
            }

            rebuilt.SetOrigins(children.Origins);
            rebuilt.Cause = group.Cause;
            rebuilt._wholeOf = group.Whole;
        }
        else
        {
            rebuilt = new(GroupTree.TitleOf(like), children, cause: null);
        }

        StackText.Carry(like, rebuilt);
        return rebuilt;
    }

    private void SetOrigins(IReadOnlyList<IReadOnlyList<FailureOrigin>> origins) =>
        _origins = origins.Any(static o => o.Count > 0) ? [.. origins] : null;

    private static bool SameInstances(IEnumerable<Exception> left, IEnumerable<Exception> right) =>
        left.SequenceEqual(right, ReferenceEqualityComparer.Instance);

    private static string NotNull(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message;
    }

    private static Exception[] Copy(IEnumerable<Exception> exceptions)
    {
        ArgumentNullException.ThrowIfNull(exceptions);
        Exception[] copy = [.. exceptions];
        if (copy.Length == 0) throw new ArgumentException("An exception group is never empty.", nameof(exceptions));
        if (copy.Contains(null)) throw new ArgumentException("An exception group holds no null.", nameof(exceptions));
        return copy;
    }
}
