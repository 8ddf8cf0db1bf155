namespace Sheaf;

/// <summary>
/// A group with a value was cancelled by itself (<see cref="TaskGroup.Cancel"/>, or
/// <see cref="TaskGroupOptions.MoveOnAfter"/>) before its body had a value to return (rule R6).
/// </summary>
/// <remarks>Thrown to who ran the group. Use <c>TryRunAsync</c> where that is an expected end.</remarks>
public sealed class GroupCancelledException : OperationCanceledException
{
    internal GroupCancelledException(string message, CancellationCause cause, IReadOnlyList<Outcome> outcomes, CancellationToken token)
        : base(message, token)
    {
        Cause = cause;
        Outcomes = outcomes;
    }

    /// <summary>Why the group was cancelled.</summary>
    public CancellationCause Cause { get; }

    /// <summary>How each child ended, in the order of starting.</summary>
    public IReadOnlyList<Outcome> Outcomes { get; }
}
