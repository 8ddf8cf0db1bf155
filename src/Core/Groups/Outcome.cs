using System.Diagnostics;

namespace Sheaf;

/// <summary>How one child of a group ended: result or failure, times, attempts (rule R10).</summary>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
[DebuggerDisplay("{Name,nq}: {Kind}")]
public class Outcome
{
    internal Outcome(ChildTask child, OutcomeKind kind, Exception? exception, FailureOrigin? origin, OutcomeTimes times, int attempts)
        : this(child.Name, child.Ordinal, kind, exception, origin, times, attempts)
    {
    }

    internal Outcome(string name, int ordinal, OutcomeKind kind, Exception? exception, FailureOrigin? origin, OutcomeTimes times, int attempts)
    {
        Origin = origin;
        Name = name;
        Ordinal = ordinal;
        Kind = kind;
        Exception = exception;
        StartedAt = times.StartedAt;
        EndedAt = times.EndedAt;
        Attempts = attempts;
    }

    /// <summary>The child's name; <c>#</c> and its ordinal where it was given none.</summary>
    public string Name { get; }

    /// <summary>The child's place in the order of starting, from 0.</summary>
    public int Ordinal { get; }

    /// <summary>How the child ended.</summary>
    public OutcomeKind Kind { get; }

    /// <summary>
    /// What the child failed with: the exception itself, or an <see cref="ExceptionGroup"/> where several left it. For a
    /// child that was cancelled while it waited to be tried again, its last failure. Otherwise <see langword="null"/>.
    /// </summary>
    public Exception? Exception { get; }

    /// <summary>Where <see cref="Exception"/> came from (rule E4); <see langword="null"/> where there is none.</summary>
    public FailureOrigin? Origin { get; }

    /// <summary>When the child started, on the group's clock; <see langword="null"/> for <see cref="OutcomeKind.NotStarted"/>.</summary>
    public DateTimeOffset? StartedAt { get; }

    /// <summary>When the child ended, on the group's clock.</summary>
    public DateTimeOffset EndedAt { get; }

    /// <summary>How long the child ran; zero for one that never started.</summary>
    public TimeSpan Duration => StartedAt is { } startedAt ? EndedAt - startedAt : TimeSpan.Zero;

    /// <summary>How often the child was tried; 0 for one that never started.</summary>
    public int Attempts { get; }

    /// <summary>Whether the child returned its value.</summary>
    public bool IsSuccess => Kind == OutcomeKind.Succeeded;
}

/// <summary>When a child started and ended.</summary>
internal readonly record struct OutcomeTimes(DateTimeOffset? StartedAt, DateTimeOffset EndedAt);
