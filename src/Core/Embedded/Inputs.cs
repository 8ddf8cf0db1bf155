using Sheaf.Engine;

namespace Sheaf.Embedded;

/// <summary>What arrives at a workflow from outside its turns.</summary>
internal abstract record Input;

/// <summary>A leaf's attempt ended here.</summary>
internal sealed record LeafEnded(ChildId Child, int Attempt, int Delivery, Result Result, DateTimeOffset StartedAt, bool? IsWorthRetry) : Input;

/// <summary>A timer ran out.</summary>
internal sealed record TimerDue(TimerKey Key, int Attempt) : Input;

/// <summary>An input whose sender waits until it is durable.</summary>
/// <param name="Done">Completes once it is; with whether it had an effect.</param>
internal abstract record Asked(TaskCompletionSource<bool> Done) : Input;

/// <summary>Somebody asks for cancellation.</summary>
internal sealed record CancelAsked(string? Reason, string? By, TaskCompletionSource<bool> Done) : Asked(Done);

/// <summary>A running worker asks for a sibling.</summary>
internal sealed record SpawnAsked(ChildId Parent, int Delivery, string Name, string Worker, string Json, TaskCompletionSource<bool> Done) : Asked(Done);

/// <summary>Somebody asks that a stuck workflow tries again.</summary>
internal sealed record RetryAsked(TaskCompletionSource<bool> Done) : Asked(Done);
