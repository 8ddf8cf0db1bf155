namespace Sheaf.Engine;

/// <summary>A durable group's options, as journaled. Left out where default.</summary>
internal sealed record GroupSettings
{
    public static GroupSettings Default { get; } = new();

    public GroupPolicy Policy { get; init; }

    public TimeSpan? Deadline { get; init; }

    public TimeSpan? MoveOnAfter { get; init; }

    public TimeSpan? Shield { get; init; }

    public int? MaxConcurrency { get; init; }

    public int MaxFailures { get; init; } = 100;
}
