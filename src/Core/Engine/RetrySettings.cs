namespace Sheaf.Engine;

/// <summary>A retry policy as journaled: everything but the predicate, which cannot leave its process.</summary>
internal sealed record RetrySettings(
    int MaxAttempts,
    TimeSpan InitialDelay,
    double BackoffCoefficient,
    TimeSpan MaxDelay,
    double Jitter,
    TimeSpan? AttemptTimeout,
    IReadOnlyList<string> OnTypes,
    IReadOnlyList<string> ExceptTypes)
{
    public static RetrySettings From(RetryPolicy policy) => new(
        policy.MaxAttempts, policy.InitialDelay, policy.BackoffCoefficient, policy.MaxDelay, policy.Jitter, policy.AttemptTimeout, policy.OnTypes, policy.ExceptTypes);

    public RetryPolicy ToPolicy() => new()
    {
        MaxAttempts = MaxAttempts,
        InitialDelay = InitialDelay,
        BackoffCoefficient = BackoffCoefficient,
        MaxDelay = MaxDelay,
        Jitter = Jitter,
        AttemptTimeout = AttemptTimeout,
        OnTypes = OnTypes,
        ExceptTypes = ExceptTypes,
    };
}
