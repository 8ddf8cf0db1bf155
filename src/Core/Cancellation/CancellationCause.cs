using System.Text;
using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>
/// Why something was cancelled, by whom, and when (rule C1). It travels with the cancellation: a nested group and a
/// worker on another machine see the cause of the scope around them as <see cref="Parent"/>.
/// </summary>
/// <param name="Kind">What kind of thing cancelled it.</param>
/// <param name="Reason">The words given by who cancelled; <see langword="null"/> where none were given.</param>
/// <param name="By">The name of the child, group or caller that cancelled; <see langword="null"/> where it is not known.</param>
/// <param name="At">When the cancellation was requested, on the group's clock.</param>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed record CancellationCause(CancellationCauseKind Kind, string? Reason, string? By, DateTimeOffset At)
{
    /// <summary>
    /// The cause of the scope around this one. Set only with <see cref="CancellationCauseKind.ParentCancelled"/>, and
    /// <see langword="null"/> where all that is known is that the caller's token was signalled.
    /// </summary>
    public CancellationCause? Parent { get; init; }

    /// <summary>Follows <see cref="Parent"/> to the cause that started it all.</summary>
    [JsonIgnore]
    public CancellationCause Root
    {
        get
        {
            CancellationCause cause = this;
            while (cause.Parent is { } parent) cause = parent;
            return cause;
        }
    }

    /// <summary>One line for people, such as <c>sibling 'search' failed</c>.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(Kind switch
        {
            CancellationCauseKind.Requested => By is null ? "cancellation requested" : $"cancellation requested by '{By}'",
            CancellationCauseKind.SiblingFailed => By is null ? "a sibling failed" : $"sibling '{By}' failed",
            CancellationCauseKind.ParentCancelled => "the surrounding scope was cancelled",
            CancellationCauseKind.DeadlineExceeded => By is null ? "deadline exceeded" : $"deadline of '{By}' exceeded",
            CancellationCauseKind.RaceLost => By is null ? "race lost" : $"race lost to '{By}'",
            _ => Kind.ToString(),
        });
        if (Reason is not null) text.Append(": ").Append(Reason);
        if (Parent is not null) text.Append(" (").Append(Parent.Root).Append(')');
        return text.ToString();
    }
}
