using Sheaf.Engine;

namespace Sheaf;

/// <summary>How a durable group behaves. Immutable: one instance can serve any number of groups.</summary>
/// <remarks>Times are counted on the workflow's clock, and downtime counts (rule R7).</remarks>
public sealed record WorkflowGroupOptions
{
    /// <inheritdoc cref="TaskGroupOptions.Policy"/>
    public GroupPolicy Policy { get; init; }

    /// <inheritdoc cref="TaskGroupOptions.Deadline"/>
    public TimeSpan? Deadline { get; init; }

    /// <inheritdoc cref="TaskGroupOptions.MoveOnAfter"/>
    public TimeSpan? MoveOnAfter { get; init; }

    /// <inheritdoc cref="TaskGroupOptions.Shield"/>
    public TimeSpan? Shield { get; init; }

    /// <inheritdoc cref="TaskGroupOptions.MaxConcurrency"/>
    public int? MaxConcurrency { get; init; }

    /// <summary>How the group's workers and steps are tried again (rule R12), unless <see cref="ChildOptions.Retry"/> says otherwise.</summary>
    /// <value>The default is <see langword="null"/>: one attempt. Without a predicate.</value>
    public RetryPolicy? Retry { get; init; }

    /// <summary>
    /// How long workers and steps of the group may take to end once they are cancelled (rule R9). One that still runs then is
    /// <see cref="OutcomeKind.Abandoned"/>: a failure with <see cref="ChildAbandonedException"/>, and fenced, so that what it delivers
    /// later changes nothing.
    /// </summary>
    /// <value>
    /// The default is 30 s. More than zero; <see cref="Timeout.InfiniteTimeSpan"/> to wait for as long as it takes. Branches take their
    /// group's; a nested group has its own.
    /// </value>
    /// <remarks>
    /// Counted from the request, by the workflow's clock; downtime counts. A group that a shield covers is cancelled, and counts, when
    /// the shield ends. Workflow code is not abandoned: it is the group's own.
    /// </remarks>
    public TimeSpan GracePeriod { get; init; } = GroupSettings.DefaultGracePeriod;

    /// <inheritdoc cref="TaskGroupOptions.MaxFailures"/>
    public int MaxFailures { get; init; } = 100;

    /// <summary>
    /// Whether the group's value is journaled with its end, so that a resumed workflow need not run the group's code again (rule D11): for
    /// long stretches of work that are over and done with.
    /// </summary>
    /// <value>The default is <see langword="false"/>.</value>
    /// <remarks>
    /// <para>What the body writes to captured variables is gone after a resume: return it instead. The value is what its JSON says, and a failure
    /// what its record says, from the first time on. The body of a group that has ended may change; a value that the code's type can no longer
    /// be read from makes the workflow stuck (rule D3).</para>
    /// <para>The body keeps to its own group: from inside, starting or cancelling anything of the groups around it, or of the workflow's context, throws
    /// <see cref="InvalidOperationException"/>, since no later run would do it again. So do <see cref="WorkflowContext.Random"/>,
    /// <see cref="WorkflowContext.NewGuid"/> and continuing as new. Awaiting handles from outside is fine. The group ends when all else that the
    /// event brought about has run.</para>
    /// </remarks>
    public bool Checkpoint { get; init; }

    internal void Validate()
    {
        // One set of rules for both kinds of group.
        new TaskGroupOptions { Policy = Policy, Deadline = Deadline, MoveOnAfter = MoveOnAfter, Shield = Shield, MaxConcurrency = MaxConcurrency, Retry = Retry, GracePeriod = GracePeriod, MaxFailures = MaxFailures }.Validate();
    }

    internal GroupSettings ToSettings() => new()
    {
        Policy = Policy,
        Deadline = Deadline,
        MoveOnAfter = MoveOnAfter,
        Shield = Shield,
        MaxConcurrency = MaxConcurrency,
        GracePeriod = GracePeriod == GroupSettings.DefaultGracePeriod ? null : GracePeriod,
        MaxFailures = MaxFailures,
        Checkpoint = Checkpoint,
    };
}
