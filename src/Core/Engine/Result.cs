namespace Sheaf.Engine;

/// <summary>How a child, a scope or a workflow ended, as data.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Value">The value as JSON text; null where there is none.</param>
/// <param name="Failure">What it failed with; for a child cancelled in backoff, its last failure.</param>
internal sealed record Result(OutcomeKind Kind, string? Value = null, Failure? Failure = null)
{
    public static Result Succeeded(string? value) => new(OutcomeKind.Succeeded, value);

    public static Result Failed(Failure failure) => new(OutcomeKind.Failed, null, failure);

    public static Result Abandoned(Failure failure) => new(OutcomeKind.Abandoned, null, failure);

    public static Result Cancelled(Failure? lastFailure = null) => new(OutcomeKind.Cancelled, null, lastFailure);

    public static Result NotStarted { get; } = new(OutcomeKind.NotStarted);
}
