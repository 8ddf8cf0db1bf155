namespace Sheaf;

/// <summary>How a task group behaves. Immutable: one instance can serve any number of groups and threads.</summary>
/// <remarks>Values are checked when a group is opened with them, so that the error names the option.</remarks>
public sealed record TaskGroupOptions
{
    internal static TaskGroupOptions Default { get; } = new();

    /// <summary>The group's name, for messages and traces.</summary>
    /// <value>The default is <see langword="null"/>: messages say <c>task group</c>. Not empty.</value>
    public string? Name { get; init; }

    /// <summary>How failures of children affect the group (rule R10).</summary>
    /// <value>The default is <see cref="GroupPolicy.FailFast"/>.</value>
    public GroupPolicy Policy { get; init; }

    /// <summary>
    /// How long the group may take, from its opening. Then it is cancelled, and ends with
    /// <see cref="DeadlineExceededException"/> unless everything had succeeded (rule R7).
    /// </summary>
    /// <value>
    /// The default is <see langword="null"/>: no limit, as <see cref="Timeout.InfiniteTimeSpan"/>. Zero or more, up to
    /// <see cref="TimeSpan.MaxValue"/>; with zero the body is not run.
    /// </value>
    public TimeSpan? Deadline { get; init; }

    /// <summary>
    /// How long the group may take before it is cancelled without an error, as by <see cref="TaskGroup.Cancel"/> (rule R7).
    /// </summary>
    /// <value>As for <see cref="Deadline"/>.</value>
    /// <remarks>With <see cref="Deadline"/> as well, whichever comes first decides.</remarks>
    public TimeSpan? MoveOnAfter { get; init; }

    /// <summary>
    /// How long cancellation from outside is held back while the group runs (rule R8), counted from its arrival. For work
    /// that must not be cut off in the middle, such as cleaning up: a nested group with a shield may also be opened in a group
    /// that is cancelled already, and then counts from its opening.
    /// </summary>
    /// <value>The default is <see langword="null"/>: it is delivered at once. More than zero; <see cref="Timeout.InfiniteTimeSpan"/> for no bound.</value>
    /// <remarks>
    /// Covers the caller's token only, and for a nested group the group around it, its deadline included: the group's own
    /// cancellation and its own deadline are not held back. With a token that is signalled already, the body still runs.
    /// </remarks>
    public TimeSpan? Shield { get; init; }

    /// <summary>
    /// How many children run at once (rule R11). The rest wait, in order, holding no task; nested groups are not counted.
    /// </summary>
    /// <value>The default is <see langword="null"/>: no limit. At least 1.</value>
    /// <remarks>A child that awaits a sibling still waiting for the window waits for itself if the window is full of such children.</remarks>
    public int? MaxConcurrency { get; init; }

    /// <summary>Permits shared with other groups of the process (rule R11).</summary>
    /// <value>The default is <see langword="null"/>: none are needed.</value>
    public CapacityLimiter? CapacityLimiter { get; init; }

    /// <summary>How children are tried again (rule R12), unless <see cref="ChildOptions.Retry"/> says otherwise.</summary>
    /// <value>The default is <see langword="null"/>: one attempt.</value>
    public RetryPolicy? Retry { get; init; }

    /// <summary>
    /// Adds exceptions that mean "cancelled" to <see cref="OperationCanceledException"/> (rule R4), such as a driver's own.
    /// Asked only once the child's token has been signalled.
    /// </summary>
    /// <value>The default is <see langword="null"/>: none. If it throws, the child has failed with its exception and that one.</value>
    public Func<Exception, bool>? IsCancellation { get; init; }

    /// <summary>
    /// How long children may take to end once the group is cancelled (rule R9). One that still runs then is
    /// <see cref="OutcomeKind.Abandoned"/>, a failure with <see cref="ChildAbandonedException"/>, and the group no longer waits for it.
    /// </summary>
    /// <value>
    /// The default is <see cref="Timeout.InfiniteTimeSpan"/>: a group ends after its children, whatever they do. More than zero.
    /// Not for <c>MapAsync</c>, which keeps no children.
    /// </value>
    /// <remarks>
    /// Nothing stops code in one's own process: an abandoned child goes on, and what it touches it may touch after the group's end. Set
    /// it only where that is better than a group that hangs. What such a child ends with later is observed, counted in
    /// <see cref="TaskGroup.LateCount"/>, and changes nothing. Nested groups and the body are not abandoned; nested groups have an
    /// option of their own.
    /// </remarks>
    public TimeSpan GracePeriod { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How many failures are kept in full; the rest are counted by type (rule E7).</summary>
    /// <value>The default is 100. At least 1.</value>
    public int MaxFailures { get; init; } = 100;

    /// <summary>
    /// Receives the failures of a group that was opened with <see cref="TaskGroup.Open(TaskGroupOptions?, CancellationToken)"/> and disposed of without
    /// <see cref="TaskGroup.JoinAsync"/>.
    /// </summary>
    /// <value>The default is <see langword="null"/>: they are written to <see cref="System.Diagnostics.Trace"/> as an error. If it throws, that is traced.</value>
    public Func<ExceptionGroup, Task>? OnUnjoinedFailure { get; init; }

    /// <summary>The clock of the group's times, deadlines and retries.</summary>
    /// <value>The default is <see cref="System.TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        if (Name is { Length: 0 })
            throw new ArgumentException($"{nameof(Name)} is empty. Give the group a name, or leave it null.");
        if (!Enum.IsDefined(Policy)) throw GroupPolicies.Unknown(Policy);
        NotNegative(Deadline, nameof(Deadline));
        NotNegative(MoveOnAfter, nameof(MoveOnAfter));
        if (Shield is { } shield && shield <= TimeSpan.Zero && shield != Timeout.InfiniteTimeSpan)
            throw OutOfRange(nameof(Shield), shield, "must be more than zero, or Timeout.InfiniteTimeSpan");
        if (MaxConcurrency is < 1) throw OutOfRange(nameof(MaxConcurrency), MaxConcurrency, "must be at least 1, or null for no limit");
        if (GracePeriod <= TimeSpan.Zero && GracePeriod != Timeout.InfiniteTimeSpan)
            throw OutOfRange(nameof(GracePeriod), GracePeriod, "must be more than zero, or Timeout.InfiniteTimeSpan");
        if (MaxFailures < 1) throw OutOfRange(nameof(MaxFailures), MaxFailures, "must be at least 1");
        if (TimeProvider is null) throw new ArgumentException($"{nameof(TimeProvider)} is null. Use TimeProvider.System.");
        Retry?.Validate();
    }

    private static void NotNegative(TimeSpan? value, string option)
    {
        if (value is { } time && time < TimeSpan.Zero && time != Timeout.InfiniteTimeSpan)
            throw OutOfRange(option, time, "must be zero or more, or null for no limit");
    }

    private static ArgumentOutOfRangeException OutOfRange(string option, object value, string rule) =>
        new(option, value, $"{option} is {value}: it {rule}.");
}
