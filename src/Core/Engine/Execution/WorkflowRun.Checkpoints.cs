namespace Sheaf.Engine;

/// <summary>
/// Checkpoints (D11): once one has ended, a replay takes from the journal what its code did. So nothing that its code does may be seen
/// outside in any other way than by its end, and its end comes at a place that does not depend on its code.
/// </summary>
internal sealed partial class WorkflowRun
{
    /// <summary>Scopes that the journal which is replayed ends.</summary>
    private readonly HashSet<int> _ended = [];

    /// <summary>Children that the code of those which are checkpoints has awaited outside of them.</summary>
    private readonly HashSet<ChildId> _awaited = [];
    private readonly HashSet<ChildId> _awaitedStarts = [];

    /// <summary>Checkpoints that are about to end, oldest first.</summary>
    private readonly Queue<TaskCompletionSource> _ending = new();

    /// <summary>The checkpoint whose code runs: it flows with the code, into whatever it calls and awaits. Null outside.</summary>
    private readonly AsyncLocal<ScopeCode?> _inside = new();

    /// <summary>Whether the code of a checkpoint that is not run again has awaited the child (R16).</summary>
    public bool WasAwaitedInCheckpoint(ChildId child) => _awaited.Contains(child);

    public bool WasStartAwaitedInCheckpoint(ChildId child) => _awaitedStarts.Contains(child);

    /// <summary>Notes what a later run would not see: that the code of a checkpoint awaits a child outside of it.</summary>
    public void OnAwaited(ChildState child)
    {
        if (child.IsIsolated && CheckpointThatAwaits(child) is { } checkpoint) (checkpoint.Awaited ??= []).Add(child);
    }

    /// <summary>As <see cref="OnAwaited"/>, of the start of a child that gets ready.</summary>
    public void OnStartAwaited(ChildState child)
    {
        if (!child.IsReady && CheckpointThatAwaits(child) is { } checkpoint) (checkpoint.AwaitedStarts ??= []).Add(child);
    }

    // Once a scope has ended, awaiting its children says nothing of it.
    private ScopeCode? CheckpointThatAwaits(ChildState child) =>
        _inside.Value is { } checkpoint && child.Scope.Result is null && !IsInside(CodeOf(child.Scope), checkpoint) ? checkpoint : null;

    /// <summary>
    /// The exception of a failed child. A checkpoint that cancelled itself throws what other groups throw (R6), which is made of what the
    /// journal has of it.
    /// </summary>
    public Exception ErrorOf(ChildState child, Failure failure)
    {
        if (child.Inner is not { Cause: { } cause } inner || failure.TypeName != typeof(GroupCancelledException).FullName) return failure.ToException(Types);
        Outcome[] outcomes = [.. inner.Children.Select(one => new Outcome(
            one.Start.Name, one.Id.Ordinal, one.Result!.Kind, one.Result.Failure?.ToException(Types), one.Result.Failure is null ? null : one.OriginIn(State),
            new OutcomeTimes(one.Result.Kind == OutcomeKind.NotStarted ? null : one.StartedAt, one.EndedAt!.Value), one.Attempt))];
        return FailureRestore.Complete(new GroupCancelledException(failure.Message, cause, outcomes, TokenOf(inner)), failure);
    }

    private void LookAhead(IReadOnlyList<JournalEntry> entries)
    {
        foreach (JournalEntry entry in entries)
        {
            if (entry is not EndScope end) continue;
            _ended.Add(end.Scope);
            _awaited.UnionWith(end.Awaited ?? []);
            _awaitedStarts.UnionWith(end.AwaitedStarts ?? []);
        }
    }

    private void Place(ScopeCode scope, ScopeCode outer)
    {
        bool isCheckpoint = scope.State.Settings.Checkpoint;
        scope.Checkpoint = isCheckpoint ? scope : outer.Checkpoint;
        scope.IsSkipped = outer.IsSkipped || (isCheckpoint && _ended.Contains(scope.State.Id));
    }

    /// <summary>Completes when nothing else is left to run in the turn: where other code stands then does not depend on the checkpoint's.</summary>
    private Task WhenIdle()
    {
        TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _ending.Enqueue(idle);
        return idle.Task;
    }

    /// <summary>The value of a checkpoint as JSON text, and as the code is given it: what a resumed workflow reads.</summary>
    private (ScopeEnd<T> End, string? Json) WriteValue<T>(ScopeEnd<T> end, string name)
    {
        try
        {
            string? json = Payloads.Write(end.Value, "value of group", name);
            return (end with { Value = Payloads.Read<T>(json) }, json);
        }
        catch (Exception error)
        {
            // A value that cannot be journaled is the failure of its group, and no one else's (D10).
            return (ScopeEnd<T>.Failed(new ExceptionGroup(name, [error])), null);
        }
    }

    /// <summary>No code is left to run in the turn: the next checkpoint ends, from the journal or by its code.</summary>
    /// <returns>Whether the code may go on.</returns>
    private bool GoOn()
    {
        if (Stuck is not null) return false;
        if (ApplySkipped()) return true;
        if (_replay is { Peek: EndScope end } replay && IsSkipped(end.Scope))
        {
            ApplyNext(replay);
            return true;
        }

        if (!_ending.TryDequeue(out TaskCompletionSource? ending)) return false;
        ending.SetResult();
        return true;
    }

    /// <summary>Applies what the journal says next, as long as it is of the code of checkpoints that is not run again.</summary>
    /// <returns>Whether there was anything.</returns>
    private bool ApplySkipped()
    {
        if (_replay is not { } replay || !IsOfSkipped(replay.Peek)) return false;
        do ApplyNext(replay);
        while (IsOfSkipped(replay.Peek));
        return true;
    }

    private void ApplyNext(ReplayTurn replay)
    {
        JournalCommand command = replay.Next()!;
        _commands.Add(command);
        if (command is ChangeCode passed) _changes[passed.Change] = true;
        else Apply(command);
    }

    private bool IsOfSkipped(JournalCommand? command) => command switch
    {
        StartChild start => IsSkipped(start.Child.Scope),
        CancelScope cancel => IsSkipped(cancel.Scope),
        // Of what is inside; the end of the checkpoint itself comes when the turn is idle, as it did.
        EndScope end => IsSkipped(end.Scope) && IsSkipped(State.Scopes[end.Scope].Owner!.Scope.Id),
        // Whether the code inside asked for a change, the code beside it, or code that asks no longer: who asks finds the answer, which is
        // always that of the new way.
        ChangeCode => true,
        _ => false,
    };

    private bool IsSkipped(int scope) => scope < _scopes.Count && _scopes[scope] is { IsSkipped: true };

    private bool IsInside(ScopeCode scope, ScopeCode checkpoint)
    {
        for (ScopeCode? at = scope.Checkpoint; at is not null; at = at.State.Owner is { } owner ? CodeOf(owner.Scope).Checkpoint : null)
        {
            if (at == checkpoint) return true;
        }

        return false;
    }

    /// <summary>What the code of a checkpoint does to scopes outside of it is in the journal, and no later run would do it again.</summary>
    private void CheckInside(string what, ScopeCode scope)
    {
        if (_inside.Value is { } checkpoint && !IsInside(scope, checkpoint))
            throw new InvalidOperationException($"{what} came from inside the checkpoint '{checkpoint.State.Name}', which a resumed workflow does not run again: then it would be missing. Use the checkpoint's own group there, or do it after the checkpoint.");
    }

    /// <summary>What the whole workflow has one of, such as its random numbers, must not depend on whether the code of a checkpoint runs.</summary>
    private void CheckOutside(string what)
    {
        if (_inside.Value is { } checkpoint)
            throw new InvalidOperationException($"{what} cannot be used inside the checkpoint '{checkpoint.State.Name}', which a resumed workflow does not run again. Use it before the group or after it, or a step inside.");
    }

    /// <summary>What the end of a scope says of the children that its code awaited elsewhere: only what has failed, or may yet, can count.</summary>
    private static ChildId[]? MayCount(HashSet<ChildState>? children)
    {
        if (children is null) return null;
        ChildId[] awaited = [.. children.Where(child => child.Result is null or { Kind: OutcomeKind.Failed or OutcomeKind.Abandoned }).Select(child => child.Id)];
        return awaited.Length > 0 ? awaited : null;
    }
}
