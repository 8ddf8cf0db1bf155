namespace Sheaf;

/// <summary>How often, when and after what a child is tried again (rule R12).</summary>
/// <remarks>
/// <para>
/// A failure that is an exception group is worth a retry only if every leaf in it is. A child that is cancelled while it
/// waits for its next attempt ends as cancelled, with its last failure attached.
/// </para>
/// <para>Immutable: one instance can serve any number of groups and threads. Checked when a group or child is started with it.</para>
/// </remarks>
public sealed record RetryPolicy
{
    /// <summary>How often a child is tried in all, the first attempt included.</summary>
    /// <value>The default is 3. At least 1.</value>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>The wait before the second attempt.</summary>
    /// <value>The default is 200 ms. Zero or more.</value>
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>By how much each further wait is longer than the one before.</summary>
    /// <value>The default is 2. At least 1.</value>
    public double BackoffCoefficient { get; init; } = 2;

    /// <summary>The longest wait.</summary>
    /// <value>The default is 30 s. Zero or more; more than 40 days counts as 40 days.</value>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How much of each wait is left to chance, so that many children that failed together do not come back together:
    /// 0 for none, 1 for anything between nothing and the whole wait.
    /// </summary>
    /// <value>The default is 0.5. Between 0 and 1.</value>
    public double Jitter { get; init; } = 0.5;

    /// <summary>How long one attempt may take before its token is signalled and it counts as a <see cref="TimeoutException"/>.</summary>
    /// <value>The default is <see langword="null"/>: no limit. More than zero.</value>
    /// <remarks>
    /// Only an attempt that is cancelled by it has timed out: one that succeeds late has succeeded, one that fails has failed.
    /// What callbacks on its token throw fails the attempt. In a workflow each delivery of a worker or a step has all of the time; a nested
    /// workflow is delivered once, and its time goes on wherever its parent runs, and while that runs nowhere.
    /// </remarks>
    public TimeSpan? AttemptTimeout { get; init; }

    /// <summary>Full names of the exception types worth a retry; base types match.</summary>
    /// <value>The default is empty: every type is, unless <see cref="ExceptTypes"/> names it.</value>
    public IReadOnlyList<string> OnTypes { get; init; } = [];

    /// <summary>Full names of the exception types not worth a retry; base types match. Wins over <see cref="OnTypes"/>.</summary>
    /// <value>The default is empty.</value>
    public IReadOnlyList<string> ExceptTypes { get; init; } = [];

    /// <summary>Decides by the exception itself, beside the types. It is asked for each leaf.</summary>
    /// <value>The default is <see langword="null"/>. Local groups and steps only: a worker's policy crosses processes, a delegate cannot.</value>
    /// <remarks>If it throws, the child has failed with its own exception and that one, and is not tried again.</remarks>
    public Func<Exception, bool>? When { get; init; }

    /// <summary>One attempt, no retry: for a child that must not inherit its group's policy.</summary>
    public static RetryPolicy None { get; } = new() { MaxAttempts = 1 };

    /// <summary>This policy, with one more exception type worth a retry.</summary>
    /// <typeparam name="TException">The type; those derived from it match too.</typeparam>
    public RetryPolicy On<TException>()
        where TException : Exception => this with { OnTypes = [.. OnTypes, TypeNames.NameOf(typeof(TException))] };

    /// <summary>This policy, with one more exception type not worth a retry.</summary>
    /// <typeparam name="TException">The type; those derived from it match too.</typeparam>
    public RetryPolicy Except<TException>()
        where TException : Exception => this with { ExceptTypes = [.. ExceptTypes, TypeNames.NameOf(typeof(TException))] };

    internal void Validate()
    {
        if (MaxAttempts < 1) throw OutOfRange(nameof(MaxAttempts), MaxAttempts, "must be at least 1");
        if (InitialDelay < TimeSpan.Zero) throw OutOfRange(nameof(InitialDelay), InitialDelay, "must be zero or more");
        if (MaxDelay < TimeSpan.Zero) throw OutOfRange(nameof(MaxDelay), MaxDelay, "must be zero or more");
        if (!(BackoffCoefficient >= 1) || double.IsInfinity(BackoffCoefficient))
            throw OutOfRange(nameof(BackoffCoefficient), BackoffCoefficient, "must be a finite number of at least 1");
        if (!(Jitter is >= 0 and <= 1)) throw OutOfRange(nameof(Jitter), Jitter, "must be between 0 and 1");
        if (AttemptTimeout is { } timeout && timeout <= TimeSpan.Zero)
            throw OutOfRange(nameof(AttemptTimeout), timeout, "must be more than zero, or null for no limit");
        if (OnTypes is null || ExceptTypes is null)
            throw new ArgumentException($"RetryPolicy.{(OnTypes is null ? nameof(OnTypes) : nameof(ExceptTypes))} is null. Leave it empty for no types.");
    }

    private static ArgumentOutOfRangeException OutOfRange(string option, object value, string rule) =>
        new(option, value, $"RetryPolicy.{option} is {value}: it {rule}.");
}
