namespace Sheaf;

/// <summary>How a durable map behaves (rule R15). Immutable: one instance can serve any number of maps.</summary>
public sealed record WorkflowMapOptions
{
    /// <summary>What a failure does: <see cref="GroupPolicy.FailFast"/>, <see cref="GroupPolicy.CollectAll"/>, or, over pages only, <see cref="GroupPolicy.Settle"/>.</summary>
    /// <value>The default is <see cref="GroupPolicy.FailFast"/>.</value>
    public GroupPolicy Policy { get; init; }

    /// <summary>So many inputs run at once, at the most.</summary>
    /// <value>The default is <see langword="null"/>: all of them, or of a page. At least 1.</value>
    public int? MaxConcurrency { get; init; }

    /// <summary>So many inputs go to a silo together, and their outcomes come back and are journaled together: more cost less, and more run again when a silo is lost.</summary>
    /// <value>The default is <see langword="null"/>: a twelfth of the inputs, or of a page, at the most <see cref="MaxInputsPerChild"/>. At least 1.</value>
    public int? InputsPerChild { get; init; }

    /// <summary>How each input is tried again (rule R12), where it runs: an attempt is not journaled, and a lost silo begins again with the first.</summary>
    /// <value>The default is <see langword="null"/>: one attempt. Without a predicate.</value>
    public RetryPolicy? Retry { get; init; }

    /// <inheritdoc cref="TaskGroupOptions.Deadline"/>
    public TimeSpan? Deadline { get; init; }

    /// <inheritdoc cref="TaskGroupOptions.MaxFailures"/>
    public int MaxFailures { get; init; } = 100;

    /// <summary>The most inputs that go together unless asked for: 250.</summary>
    public const int MaxInputsPerChild = 250;

    /// <summary>Refuses options that are out of their range.</summary>
    /// <param name="maySettle">Whether the map has outcomes, and not just a value for each input.</param>
    internal void Validate(bool maySettle = false)
    {
        if (Policy == GroupPolicy.Settle && !maySettle)
            throw new ArgumentException($"{nameof(Policy)} is {nameof(GroupPolicy.Settle)}: a map of a list has one value for each input. Use {nameof(GroupPolicy.CollectAll)}, {nameof(WorkflowGroup.MapPagesAsync)}, or start the children one by one.");
        if (InputsPerChild is < 1) throw new ArgumentException($"{nameof(InputsPerChild)} is {InputsPerChild}: it must be at least 1, or null for the default.");
        if (Retry?.When is not null) throw new ArgumentException("The retry policy of a map has a predicate, which cannot go to another process. Name exception types with On and Except.");
        ToGroupOptions(1).Validate();
    }

    /// <summary>How many inputs a child takes: a matter of the options and the count alone, so that a replay finds the same.</summary>
    internal int SizeFor(int count)
    {
        int size = InputsPerChild ?? Math.Clamp((count + 11) / 12, 1, MaxInputsPerChild);
        return Math.Min(size, MaxConcurrency ?? size);
    }

    /// <summary>The options of a group of shards. Each has the window for itself, so one runs after the other where there is one.</summary>
    internal WorkflowGroupOptions ToShardedOptions() => ToGroupOptions(1) with { MaxConcurrency = MaxConcurrency is null ? null : 1, Retry = null };

    internal WorkflowGroupOptions ToGroupOptions(int size) => new()
    {
        Policy = Policy,
        MaxConcurrency = MaxConcurrency is { } max ? Math.Max(1, max / size) : null,
        Deadline = Deadline,
        MaxFailures = MaxFailures,
        Retry = Retry,
    };
}
