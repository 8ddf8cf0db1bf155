namespace Sheaf;

/// <summary>How long to wait between attempts: exponential, capped, with jitter.</summary>
internal static class Backoff
{
    /// <summary>Timers of the platform end at 49 days; no backoff needs more than this.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(40);

    /// <summary>The wait after a failed attempt.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="failedAttempt">The number of the attempt that failed, from 1.</param>
    /// <param name="chance">A number from 0 to 1 that decides the jitter; the caller's, so that a workflow can repeat it.</param>
    public static TimeSpan DelayAfter(RetryPolicy policy, int failedAttempt, double chance)
    {
        TimeSpan cap = policy.MaxDelay < Longest ? policy.MaxDelay : Longest;
        // Infinity is fine here: Min brings it back.
        double full = Math.Min(
            policy.InitialDelay.TotalMilliseconds * Math.Pow(policy.BackoffCoefficient, failedAttempt - 1),
            cap.TotalMilliseconds);
        if (double.IsNaN(full)) full = 0; // 0 × infinity: no initial delay is no delay.
        return TimeSpan.FromMilliseconds(full * (1 - (policy.Jitter * chance)));
    }
}
