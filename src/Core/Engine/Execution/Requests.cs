namespace Sheaf.Engine;

/// <summary>What a turn asks of the world. Carried out only after the turn is journaled (D4).</summary>
internal abstract record Request;

/// <summary>Deliver an attempt to a worker.</summary>
internal sealed record DispatchWorker(ChildId Child, int Attempt, int Delivery, string Name, string Worker, string? Input, TimeSpan? Timeout, DateTimeOffset? Deadline) : Request
{
    /// <summary>The W3C trace context of the child's group; null where nobody traces.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Set where the input is several inputs of a map.</summary>
    public MapSettings? Map { get; init; }

    /// <summary>Which of the workflow's runs the child is of.</summary>
    public int Run { get; init; }

    /// <summary>Whether its start waits until it says that it is ready.</summary>
    public bool GetsReady { get; init; }
}

/// <summary>Run an attempt of a step beside the workflow.</summary>
internal sealed record RunStep(ChildId Child, int Attempt, int Delivery, string Name, StepWork Work, TimeSpan? Timeout) : Request
{
    /// <summary>Which of the workflow's runs the child is of.</summary>
    public int Run { get; init; }

    /// <summary>The W3C trace context of the step's group; null where nobody traces.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>Have another workflow run as a child, under an id that is always the same for the attempt.</summary>
internal sealed record RunWorkflow(ChildId Child, int Attempt, int Delivery, string Name, string Id, string Workflow, string? Input, TimeSpan? Timeout, DateTimeOffset? Deadline) : Request
{
    /// <summary>When the attempt began.</summary>
    public required DateTimeOffset AttemptAt { get; init; }

    /// <summary>The W3C trace context of the child's group; null where nobody traces.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>Signal the children of a scope, wherever they run.</summary>
internal sealed record CancelRunning(int Scope, CancellationCause Cause) : Request;

/// <summary>A delivery is waited for no longer, and still runs (R9).</summary>
internal sealed record GiveUp(ChildId Child, int Delivery) : Request;

/// <summary>Nothing of this scope runs any more.</summary>
internal sealed record CloseScope(int Scope) : Request;

/// <summary>Wake the workflow at an instant.</summary>
internal sealed record StartTimer(TimerKey Key, DateTimeOffset DueAt, int Attempt) : Request;

/// <summary>That wake-up is not needed any more.</summary>
internal sealed record StopTimer(TimerKey Key) : Request;

/// <summary>The workflow has ended.</summary>
internal sealed record EndWorkflow(Result Result) : Request;

/// <summary>A step's delegate, with what only its own process can do: run it, make JSON of its value, ask its predicate.</summary>
internal sealed record StepWork(Func<CancellationToken, Task> Run, Func<Task, string?> ValueOf, Func<Exception, bool>? IsWorthRetry);
