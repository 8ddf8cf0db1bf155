namespace Sheaf.Engine;

/// <summary>A durable group's options, as journaled. Left out where default.</summary>
internal sealed record GroupSettings
{
    /// <summary>How long children of a durable group may take to end once they are cancelled, unless told otherwise.</summary>
    public static readonly TimeSpan DefaultGracePeriod = TimeSpan.FromSeconds(30);

    public static GroupSettings Default { get; } = new();

    public GroupPolicy Policy { get; init; }

    public TimeSpan? Deadline { get; init; }

    public TimeSpan? MoveOnAfter { get; init; }

    public TimeSpan? Shield { get; init; }

    public int? MaxConcurrency { get; init; }

    /// <summary>Null for the default.</summary>
    public TimeSpan? GracePeriod { get; init; }

    public int MaxFailures { get; init; } = 100;

    /// <summary>Whether the group's end is journaled with its value, and its code not run again once it has ended (D11).</summary>
    public bool Checkpoint { get; init; }
}
