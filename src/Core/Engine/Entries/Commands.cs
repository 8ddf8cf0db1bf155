namespace Sheaf.Engine;

/// <summary>The code started a child.</summary>
internal sealed record StartChild(ChildId Child, ChildKind Kind, string Name) : JournalCommand
{
    /// <summary>The registered name of the worker or workflow; null for other kinds.</summary>
    public string? Worker { get; init; }

    /// <summary>The input as JSON text; null where there is none.</summary>
    public string? Input { get; init; }

    /// <summary>Set where the input is several inputs of a map, one array.</summary>
    public MapSettings? Map { get; init; }

    /// <summary>How long a delay waits, from the turn that starts it.</summary>
    public TimeSpan? Delay { get; init; }

    public bool Isolated { get; init; }

    /// <summary>Whether its start waits until the child says that it is ready (R14).</summary>
    public bool GetsReady { get; init; }

    public RetrySettings? Retry { get; init; }

    /// <summary>Set for a group.</summary>
    public GroupSettings? Group { get; init; }

    /// <summary>Why the child could not even be asked for, such as an input over the limit: it fails with this, and no one else (D10).</summary>
    public Failure? Rejected { get; init; }

    public override bool IsSameAs(JournalCommand other) => other is StartChild start
        && (Child, Kind, Name, Worker, Delay, Isolated, GetsReady) == (start.Child, start.Kind, start.Name, start.Worker, start.Delay, start.Isolated, start.GetsReady)
        && (Map?.First, Map?.Count) == (start.Map?.First, start.Map?.Count)
        // A refused input stays refused, also under a limit that has been raised since.
        && (Rejected is not null || start.Rejected is not null || Input == start.Input);

    public override string Describe() => Kind switch
    {
        ChildKind.Worker => $"start worker '{Worker}' as child '{Name}' ({Child}) with {(Input is null ? "no input" : $"input {Cut(Input)}")}",
        ChildKind.Workflow => $"start workflow '{Worker}' as child '{Name}' ({Child}) with {(Input is null ? "no input" : $"input {Cut(Input)}")}",
        ChildKind.Delay => $"wait for {Delay} ({Child})",
        ChildKind.Signal => $"wait for signal '{Name}' ({Child})",
        _ => $"start {Kind} '{Name}' ({Child})",
    };
}

/// <summary>The code cancelled one of its groups, or its body failed under fail-fast.</summary>
internal sealed record CancelScope(int Scope, CancelSource Source, string? Reason) : JournalCommand
{
    public override bool IsSameAs(JournalCommand other) => other is CancelScope cancel && (Scope, Source, Reason) == (cancel.Scope, cancel.Source, cancel.Reason);

    public override string Describe() => $"cancel scope {Scope}{(Reason is null ? "" : $" ({Reason})")}";
}

/// <summary>The code passed a change of its own the new way: it does so on every replay.</summary>
internal sealed record ChangeCode(string Change) : JournalCommand
{
    public override bool IsSameAs(JournalCommand other) => other is ChangeCode code && Change == code.Change;

    public override string Describe() => $"go the new way of change '{Change}'";
}

/// <summary>A branch, a group or the workflow itself (scope 0) ended: its body and all its children have.</summary>
internal sealed record EndScope(int Scope, Result Result) : JournalCommand
{
    /// <summary>The input of the run that comes after, where the workflow continues as new; then it has not ended.</summary>
    public string? ContinuesWith { get; init; }

    /// <summary>What the workflow fails with if it is cancelled before that run begins; null where it just ends as cancelled.</summary>
    public Failure? Otherwise { get; init; }

    /// <summary>What the result's failure leaves out; null where it is whole, as that of the workflow always is.</summary>
    public FailureParts? Parts { get; init; }

    /// <summary>For a checkpoint: isolated children outside of it whose failures count no more, since its code has awaited them (R16). Null for none.</summary>
    public IReadOnlyList<ChildId>? Awaited { get; init; }

    /// <summary>For a checkpoint: children outside of it whose starts its code has awaited; their failures count no more if they never get ready (R14). Null for none.</summary>
    public IReadOnlyList<ChildId>? AwaitedStarts { get; init; }

    // Not the parts: which exceptions the code lets through, wraps or drops shows in the type of what leaves it, or in nothing.
    public override bool IsSameAs(JournalCommand other) => other is EndScope end
        && (Scope, Result.Kind, Result.Value, Result.Failure?.TypeName, ContinuesWith) == (end.Scope, end.Result.Kind, end.Result.Value, end.Result.Failure?.TypeName, end.ContinuesWith);

    public override string Describe() => Scope == 0
        ? ContinuesWith is { } input ? $"continue as new with {Cut(input)}" : $"end the workflow as {Result.Kind}{Detail}"
        : $"end scope {Scope} as {Result.Kind}{Detail}";

    private string Detail => Result.Failure is null ? "" : $" with {Result.Failure.TypeName}";
}
