namespace Sheaf;

/// <summary>What a map did, in counters: a map over a large source keeps no child that has ended (rule R15).</summary>
/// <param name="Succeeded">How many children succeeded.</param>
/// <param name="Failed">How many failed.</param>
/// <param name="Cancelled">How many were cancelled or never started.</param>
/// <param name="Failures">The failures, bounded by <see cref="TaskGroupOptions.MaxFailures"/>; <see langword="null"/> where there were none.</param>
public sealed record MapSummary(long Succeeded, long Failed, long Cancelled, ExceptionGroup? Failures)
{
    /// <summary>How many children ended, however they did.</summary>
    public long Total => Succeeded + Failed + Cancelled;
}
