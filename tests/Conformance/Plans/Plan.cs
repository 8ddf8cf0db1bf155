using System.Text.Json.Serialization;

namespace Sheaf.Conformance;

/// <summary>A task group as data: the same plan runs as local code and as a workflow.</summary>
/// <remarks>Names of children and groups are unique in a plan: handles, events and outcomes go by them.</remarks>
public sealed record GroupPlan(string Name, params IReadOnlyList<Op> Body)
{
    public GroupPolicy Policy { get; init; }

    public TimeSpan? Deadline { get; init; }

    public TimeSpan? MoveOnAfter { get; init; }

    public TimeSpan? Shield { get; init; }

    /// <summary>Null for the host's default.</summary>
    public TimeSpan? GracePeriod { get; init; }

    public int? MaxConcurrency { get; init; }

    public int MaxFailures { get; init; } = 100;

    public RetryPlan? Retry { get; init; }

    /// <summary>Whether the group has a value; it is what decides how it ends when it cancels itself (R6).</summary>
    public bool Valued { get; init; } = true;
}

/// <summary>A retry policy without jitter, as data.</summary>
public sealed record RetryPlan(int Attempts)
{
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan? AttemptTimeout { get; init; }

    /// <summary>The full names of the types worth a retry; empty for all.</summary>
    public IReadOnlyList<string> On { get; init; } = [];

    public RetryPolicy ToPolicy() => new() { MaxAttempts = Attempts, InitialDelay = InitialDelay, AttemptTimeout = AttemptTimeout, OnTypes = On, Jitter = 0 };
}

/// <summary>One statement of a group's body.</summary>
[JsonDerivedType(typeof(Start), "start")]
[JsonDerivedType(typeof(StartMany), "start-many")]
[JsonDerivedType(typeof(TryStart), "try-start")]
[JsonDerivedType(typeof(Nest), "nest")]
[JsonDerivedType(typeof(Await), "await")]
[JsonDerivedType(typeof(AwaitAll), "await-all")]
[JsonDerivedType(typeof(TryAwait), "try-await")]
[JsonDerivedType(typeof(Look), "look")]
[JsonDerivedType(typeof(Cancel), "cancel")]
[JsonDerivedType(typeof(Throw), "throw")]
[JsonDerivedType(typeof(Return), "return")]
[JsonDerivedType(typeof(Note), "note")]
[JsonDerivedType(typeof(Open), "open")]
public abstract record Op;

/// <summary>Starts a child.</summary>
public sealed record Start(string Name, Act Does) : Op
{
    public bool Isolated { get; init; }

    public RetryPlan? Retry { get; init; }
}

/// <summary>Starts children called by a prefix and a number from 0.</summary>
public sealed record StartMany(string Prefix, int Count, Act Does) : Op;

/// <summary>Starts a child in the named group, and notes <c>refused:name:type</c> where that throws.</summary>
public sealed record TryStart(string Name, string In) : Op;

/// <summary>Opens a nested group; its handle has the group's name.</summary>
public sealed record Nest(GroupPlan Group) : Op;

public sealed record Await(string Name) : Op;

public sealed record AwaitAll(params IReadOnlyList<string> Names) : Op;

/// <summary>Awaits a child in a try with a catch for everything, and notes <c>caught:name:type</c>.</summary>
public sealed record TryAwait(string Name) : Op;

/// <summary>Asks for a child's outcome.</summary>
public sealed record Look(string Name) : Op;

/// <summary>Cancels the group.</summary>
public sealed record Cancel(string? Reason = null) : Op;

public sealed record Throw(Error Error) : Op;

/// <summary>Ends the body. A body without it returns the values that it awaited, joined by commas.</summary>
public sealed record Return(string Value) : Op;

public sealed record Note(string Event) : Op;

/// <summary>Opens a gate: how a body says that it has seen something.</summary>
public sealed record Open(string Gate) : Op;

/// <summary>What a child does.</summary>
[JsonDerivedType(typeof(Succeed), "succeed")]
[JsonDerivedType(typeof(Fail), "fail")]
[JsonDerivedType(typeof(FailMany), "fail-many")]
[JsonDerivedType(typeof(FailUntil), "fail-until")]
[JsonDerivedType(typeof(WaitForCancel), "wait-for-cancel")]
[JsonDerivedType(typeof(CancelUnasked), "cancel-unasked")]
[JsonDerivedType(typeof(AtGate), "at-gate")]
[JsonDerivedType(typeof(Spawn), "spawn")]
[JsonDerivedType(typeof(CancelGroup), "cancel-group")]
[JsonDerivedType(typeof(Big), "big")]
public abstract record Act;

public sealed record Succeed(string Value = "ok") : Act;

public sealed record Fail(Error Error) : Act;

/// <summary>Ends with several exceptions, as <c>Task.WhenAll</c> does.</summary>
public sealed record FailMany(params IReadOnlyList<Error> Errors) : Act;

/// <summary>Fails every attempt before this one.</summary>
public sealed record FailUntil(int Attempt, Error Error) : Act;

/// <summary>Waits until it is cancelled, keeps the cause that it reads then, and ends as told: cancelled where nothing is.</summary>
public sealed record WaitForCancel(Act? Then = null) : Act;

/// <summary>Throws <see cref="OperationCanceledException"/> though nobody has asked for it.</summary>
public sealed record CancelUnasked : Act;

/// <summary>Waits at a gate; unless it ignores it, cancellation ends the wait.</summary>
public sealed record AtGate(string Gate, Act? Then = null, bool IgnoresCancel = false) : Act;

/// <summary>Starts a sibling, from inside the child.</summary>
public sealed record Spawn(string Name, Act Does) : Act;

/// <summary>Cancels its own group, from inside the child.</summary>
public sealed record CancelGroup(string Reason) : Act;

/// <summary>Returns a value of so many characters.</summary>
public sealed record Big(int Size) : Act;

public enum ErrorType
{
    Format,
    Io,

    /// <summary>A type of the user's that nobody registered.</summary>
    User,

    /// <summary>A type of the user's that is registered (E6).</summary>
    Registered,
}

public sealed record Error(ErrorType Type, string Message)
{
    public Exception ToException() => Type switch
    {
        ErrorType.Format => new FormatException(Message),
        ErrorType.Io => new IOException(Message),
        ErrorType.User => new UserException(Message),
        ErrorType.Registered => new RegisteredException(Message),
        _ => throw new ArgumentOutOfRangeException(nameof(Type), Type, "No such error."),
    };
}

public class UserException(string message) : Exception(message);

public sealed class RegisteredException(string message) : Exception(message);
