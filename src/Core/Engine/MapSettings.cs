namespace Sheaf.Engine;

/// <summary>For a child that runs its worker for several inputs of a map (R15): what its site has to know. Journaled.</summary>
/// <param name="First">The place of its first input in the map.</param>
/// <param name="Count">How many inputs.</param>
/// <param name="Policy">Whether the first failure ends the others here too.</param>
/// <param name="Retry">How each input is tried again.</param>
internal sealed record MapSettings(int First, int Count, GroupPolicy Policy, RetrySettings? Retry)
{
    /// <summary>How many failures are kept in full, where that is not the default (E7); null where it is.</summary>
    public int? MaxFailures { get; init; }
}
