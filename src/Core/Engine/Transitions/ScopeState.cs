namespace Sheaf.Engine;

/// <summary>One scope in the fold of the journal: the workflow itself, a branch, or a group.</summary>
/// <remarks>States: open → ended, once. Cancelled or not is independent, set once by the first cause. Changed by
/// <see cref="Transitions"/> only.</remarks>
internal sealed class ScopeState(int id, ChildState? owner, GroupSettings settings, DateTimeOffset openedAt, DateTimeOffset? outerDeadline = null)
{
    public int Id => id;

    /// <summary>The child that this scope is the inside of; null for the workflow.</summary>
    public ChildState? Owner => owner;

    public GroupSettings Settings => settings;

    public DateTimeOffset OpenedAt => openedAt;

    public string Name => owner?.Start.Name ?? "workflow";

    public List<ChildState> Children { get; } = [];

    /// <summary>Children that wait for a place, oldest first.</summary>
    public Queue<ChildState> Window { get; } = new();

    /// <summary>Places taken. Invariant: at most MaxConcurrency, and nobody waits while there is room.</summary>
    public int PlacesTaken { get; set; }

    /// <summary>Children that have not ended.</summary>
    public int OpenChildren { get; set; }

    /// <summary>Children that failed, in the order in which they did.</summary>
    public List<ChildState> Failed { get; } = [];

    public CancelSource Source { get; set; }

    /// <summary>Null until the scope is cancelled.</summary>
    public CancellationCause? Cause { get; set; }

    /// <summary>Cancellation from outside that a shield holds back (R8).</summary>
    public CancellationCause? HeldBack { get; set; }

    /// <summary>How long leaves may take to end once they are cancelled (R9). A branch takes its group's.</summary>
    public TimeSpan GracePeriod { get; } = settings.GracePeriod ?? (owner is { Start.Kind: ChildKind.Branch } ? owner.Scope.GracePeriod : GroupSettings.DefaultGracePeriod);

    /// <summary>When leaves that still run are abandoned; null before the scope is cancelled, and where none ran then or grace has no end.</summary>
    public DateTimeOffset? AbandonAt { get; set; }

    /// <summary>Whether a leaf has been delivered and not ended.</summary>
    public bool HasRunningLeaf => Children.Exists(child => child is { IsLeaf: true, Status: ChildStatus.Running });

    /// <summary>Whether a leaf runs that its grace period ends.</summary>
    public bool HasLeafToAbandon => Children.Exists(child => child is { CanBeAbandoned: true, Status: ChildStatus.Running });

    /// <summary>Null until the scope has ended.</summary>
    public Result? Result { get; set; }

    /// <summary>When the scope's time is up, as an absolute instant; null for never. Inherited by all inside it (R7).</summary>
    public DateTimeOffset? Deadline { get; } = Earliest(owner is null ? outerDeadline : owner.Scope.Deadline, openedAt, settings);

    private static DateTimeOffset? Earliest(DateTimeOffset? outer, DateTimeOffset openedAt, GroupSettings settings)
    {
        DateTimeOffset? deadline = outer;
        foreach (TimeSpan? limit in (ReadOnlySpan<TimeSpan?>)[settings.Deadline, settings.MoveOnAfter])
        {
            if (limit is { } time && time >= TimeSpan.Zero && Transitions.Later(openedAt, time) is var at && (deadline is null || at < deadline)) deadline = at;
        }

        return deadline;
    }
}
