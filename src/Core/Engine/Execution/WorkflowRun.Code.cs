using System.Text;

namespace Sheaf.Engine;

/// <summary>What workflow code can do: start children, cancel its groups, and end.</summary>
internal sealed partial class WorkflowRun
{
    /// <summary>Changes of the code that it was asked about, and whether it goes the new way.</summary>
    private readonly Dictionary<string, bool> _changes = [];
    private int _guids;

    // Null unless the code has said that it continues as new: with what, and what it fails with where it does not after all.
    private (string Input, Failure? Otherwise)? _continues;
    private Random? _random;

    /// <summary>The starts of children that get ready, until they have their handles.</summary>
    private readonly Dictionary<ChildId, IWorkflowReadiness> _readiness = [];

    /// <summary>Children whose starts have not returned to the code yet: more than one where a start signals a token, and a callback there starts another.</summary>
    private readonly List<ChildId> _starts = [];

    /// <summary>The workflow's own random numbers: the same on every replay.</summary>
    public Random Random
    {
        get
        {
            CheckOnTurn("WorkflowContext.Random");
            CheckOutside("WorkflowContext.Random");
            return _random ??= new Random(Chance.SeedOf(State.RunName));
        }
    }

    public Guid NextGuid()
    {
        CheckOnTurn("WorkflowContext.NewGuid");
        CheckOutside("WorkflowContext.NewGuid");
        return Chance.GuidOf(State.RunName, _guids++);
    }

    /// <summary>Whether the code goes the new way of a change. The first answer is that of the whole workflow.</summary>
    public bool Changed(string change)
    {
        ArgumentException.ThrowIfNullOrEmpty(change);
        CheckOnTurn("WorkflowContext.Changed", change);
        change = WellFormed(change);
        // What is journaled of questions comes with it: they are passed, asked or not.
        ApplySkipped();
        if (_changes.TryGetValue(change, out bool isNew)) return isNew;
        // Code that came here before the change existed has journaled nothing of it.
        isNew = _replay is null or { Peek: null, IsLast: true };
        if (isNew) Emit(new ChangeCode(change));
        return _changes[change] = isNew;
    }

    /// <summary>Whether the code has said that it continues as new.</summary>
    public bool Continues => _continues is not null;

    /// <summary>Has the workflow continue with another input once its code returns.</summary>
    /// <param name="input">The input.</param>
    /// <param name="otherwise">The failures that it has had, where the run that comes after is to throw them: thrown where a cancellation comes first (R5).</param>
    public void ContinueWith(string input, ExceptionGroup? otherwise = null)
    {
        CheckOnTurn("ContinueAsNewAsync");
        CheckOutside("ContinueAsNewAsync");
        if (_continues is not null) throw new InvalidOperationException($"Workflow '{State.Id}' is to continue as new already. Return what ContinueAsNewAsync gave.");
        _continues = (input, otherwise is null ? null : Failure.From(otherwise));
    }

    public ChildTask<T> StartWorker<T>(ScopeCode scope, string name, string worker, Func<string?> input, ChildOptions? options, MapSettings? map = null) =>
        StartLeaf<T>(scope, Admit(scope, ChildKind.Worker, name, options), worker, input, map);

    /// <summary>Starts a worker whose start waits until it says that it is ready (R14).</summary>
    public ChildStart<TReady, T> StartReady<TReady, T>(ScopeCode scope, string name, string worker, Func<string?> input, ChildOptions? options)
    {
        StartChild start = Admit(scope, ChildKind.Worker, name, options) with { GetsReady = true };
        WorkflowReadiness<TReady> readiness = new(this);
        _readiness[start.Child] = readiness;
        return new(readiness, StartLeaf<T>(scope, start, worker, input));
    }

    /// <summary>Starts a workflow of its own.</summary>
    public ChildTask<T> StartWorkflow<T>(ScopeCode scope, string name, string workflow, Func<string?> input, ChildOptions? options) =>
        StartLeaf<T>(scope, Admit(scope, ChildKind.Workflow, name, options), workflow, input);

    public ChildTask<T> StartStep<T>(ScopeCode scope, string name, StepWork work, ChildOptions? options)
    {
        StartChild start = Admit(scope, ChildKind.Step, name, options);
        _steps[start.Child] = work;
        return Start<T>(scope, start);
    }

    /// <summary>Starts a wait for an instant.</summary>
    public ChildTask<Nothing> StartDelay(ScopeCode scope, string name, TimeSpan delay, ChildOptions options)
    {
        if (delay < TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(delay), delay, $"The delay is {delay}: it must be zero or more.");
        return Start<Nothing>(scope, Admit(scope, ChildKind.Delay, name, options) with { Delay = delay });
    }

    /// <summary>Starts a wait for a signal.</summary>
    public ChildTask<T> StartSignal<T>(ScopeCode scope, string name, ChildOptions options) =>
        Start<T>(scope, Admit(scope, ChildKind.Signal, name, options));

    /// <summary>Starts a branch or a group: workflow code with a scope of its own.</summary>
    public ChildTask<T> StartCode<T>(ScopeCode scope, ChildKind kind, string name, GroupSettings? settings, ChildOptions? options, Func<ScopeCode, Task> body)
    {
        StartChild start = Admit(scope, kind, name, options, isShielded: settings?.Shield is not null) with { Group = settings };
        _codes[start.Child] = (inner, handle) => RunScopeAsync(inner, (WorkflowChild<T>)handle, body);
        return Start<T>(scope, start);
    }

    public void Cancel(ScopeCode scope, string? reason)
    {
        CheckOnTurn("Cancel of group", scope.State.Name);
        CheckInside($"Cancel of group '{scope.State.Name}'", scope);
        if (scope.State.Cause is null && scope.State.Result is null) Emit(new CancelScope(scope.State.Id, CancelSource.Own, reason));
    }

    private ChildTask<T> StartLeaf<T>(ScopeCode scope, StartChild start, string code, Func<string?> input, MapSettings? map = null)
    {
        try
        {
            start = start with { Worker = code, Map = map, Input = input() };
        }
        catch (Exception error)
        {
            // An input that cannot be sent is that child's failure, and no one else's (D10).
            start = start with { Worker = code, Map = map, Rejected = Failure.From(error) };
        }

        return Start<T>(scope, start);
    }

    private ChildTask<T> Start<T>(ScopeCode scope, StartChild start)
    {
        _starting[start.Child] = state => new WorkflowChild<T>(this, state) { Readiness = ReadinessOf(state) };
        _starts.Add(start.Child);
        Emit(start);
        _starts.Remove(start.Child);
        return (ChildTask<T>)HandleOf(scope, scope.State.Children[start.Child.Ordinal]).Handle;
    }

    private IWorkflowReadiness? ReadinessOf(ChildState child)
    {
        if (!_readiness.Remove(child.Id, out IWorkflowReadiness? readiness)) return null;
        readiness.Of(child);
        return readiness;
    }

    /// <summary>R2: admitted, or thrown.</summary>
    private StartChild Admit(ScopeCode scope, ChildKind kind, string name, ChildOptions? options, bool isShielded = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        name = WellFormed(name);
        CheckOnTurn("Start of child", name);
        CheckInside($"Start of child '{name}' of '{scope.State.Name}'", scope);
        options?.Retry?.Validate();
        if (kind is ChildKind.Worker or ChildKind.Workflow && options?.Retry?.When is not null)
            throw new ArgumentException($"The retry policy of child '{name}' has a predicate, which cannot go to another process. Name exception types with On and Except.", nameof(options));
        // A shielded group may open in a cancelled scope: that is where compensation runs (R8).
        if (scope.State.Cause is { } cause && !isShielded)
            throw new OperationCanceledException($"Child '{name}' was not started: '{scope.State.Name}' is cancelled ({cause}).", scope.Token);
        if (scope.State.Result is not null || scope.IsClosed)
            throw new InvalidOperationException($"Child '{name}' was not started: '{scope.State.Name}' has ended. Start children while its body or another child of it still runs.");
        return new StartChild(new ChildId(scope.State.Id, scope.State.Children.Count), kind, name)
        {
            Isolated = options?.Isolated ?? false,
            Retry = options?.Retry is { } retry ? RetrySettings.From(retry) : null,
        };
    }

    /// <summary>A name cut inside a surrogate pair would come back from the journal as another one.</summary>
    private static string WellFormed(string name) =>
        name.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? name : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name));

    private void BeginWorkflow()
    {
        ScopeCode root = CodeOf(State.Root);
        WorkflowContext context = new(this, root);
        _ = _scheduler.Post(() => RunScopeAsync<string>(root, null, _ => _code(context)));
    }

    /// <summary>Runs the code of a scope to its end: body, children, verdict, and the command that says so.</summary>
    private async Task RunScopeAsync<T>(ScopeCode scope, WorkflowChild<T>? handle, Func<ScopeCode, Task> body)
    {
        (WorkEnd end, T? value) = await RunBodyAsync<T>(scope, body);
        // Not an end of any kind: the run is over, the workflow is not. A child may have failed with another workflow's.
        if (Stuck is not null) return;

        ScopeState state = scope.State;
        if (end.Kind == OutcomeKind.Failed && state.Settings.Policy.CancelsSiblings() && state.Cause is null && (state.OpenChildren > 0 || state.Owner?.Start.Kind == ChildKind.Group))
            Emit(new CancelScope(state.Id, CancelSource.Failure, "the body failed"));
        await scope.WhenClosed();
        if (state.Settings.Checkpoint) await WhenIdle();

        ScopeEnd<T> ended = Conclude(scope, end, value, handle is null);
        string? json = null;
        if (state.Settings.Checkpoint && ended.Kind == OutcomeKind.Succeeded) (ended, json) = WriteValue(ended, state.Name);
        // A checkpoint's failure comes from the journal, as it does after a resume.
        if (handle is not null && (ended.Error is null || !state.Settings.Checkpoint)) handle.LiveEnd = (ended.Value, ended.Error);
        Emit(ToCommand(state, ended, json) with { Awaited = MayCount(scope.Awaited), AwaitedStarts = MayCount(scope.AwaitedStarts) });
    }

    private async Task<(WorkEnd End, T? Value)> RunBodyAsync<T>(ScopeCode scope, Func<ScopeCode, Task> body)
    {
        _inside.Value = scope.Checkpoint;
        // A scope that is cancelled before it begins does not begin.
        if (scope.State.Cause is not null) return (WorkEnd.Cancelled, default);
        Task? task;
        try
        {
            task = body(scope);
        }
        catch (CodeNotMadeException thrown)
        {
            GetStuck(new WorkflowStuckException(thrown.Message, thrown.InnerException));
            return (WorkEnd.Cancelled, default);
        }
        catch (Exception thrown)
        {
            return (WorkEnd.Of(thrown, scope.IsCancelled, null), default);
        }

        if (task is null) return (WorkEnd.Failed(LocalChild<T>.NoTask(scope.State.Name)), default);
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        WorkEnd end = WorkEnd.Of(task, scope.IsCancelled, null);
        return (end, end.Kind == OutcomeKind.Succeeded ? LocalChild<T>.ValueOf(task) : default);
    }

    private ScopeEnd<T> Conclude<T>(ScopeCode scope, WorkEnd body, T? value, bool isWorkflow)
    {
        ScopeState state = scope.State;
        bool isGroup = state.Owner?.Start.Kind == ChildKind.Group;
        foreach (ChildState child in state.Failed) HandleOf(scope, child);
        // A workflow and a branch have no bound to be told: what a group inside has kept, they keep (E7).
        int maxFailures = isGroup ? state.Settings.MaxFailures : Math.Max(state.Settings.MaxFailures, body.Errors.SelectMany(GroupTree.Leaves).Count(leaf => leaf is not OmittedFailures));
        GroupFacts facts = new(isWorkflow ? State.Id.Value : state.Name, state.Settings.Policy, maxFailures, state.Source, state.Cause, state.Settings.Deadline, State.Id.Value);
        ExceptionGroup? failures = GroupFailures.Collect(facts, [.. state.Failed.Select(child => scope.Handles[child.Id.Ordinal])], scope.CallbackErrors, body);
        bool anyCancelled = state.Cause is not null && state.Children.Exists(child => child.Result!.Kind is OutcomeKind.Cancelled or OutcomeKind.Abandoned or OutcomeKind.NotStarted);
        switch (GroupVerdicts.Decide(state.Source, failures is not null, body.Kind == OutcomeKind.Succeeded, anyCancelled))
        {
            case GroupVerdict.Return:
                return new(OutcomeKind.Succeeded, value);
            case GroupVerdict.EndWithoutValue when typeof(T) == typeof(Nothing):
                return new(OutcomeKind.Succeeded);
            case GroupVerdict.ThrowCancelled:
                return new(OutcomeKind.Cancelled);
            case GroupVerdict.ThrowFailures:
                // Only a group makes a group: what leaves a branch or a workflow's code alone stays what it is.
                if (isGroup || failures!.InnerExceptions.Count > 1) return ScopeEnd<T>.Failed(failures!);
                return ScopeEnd<T>.Failed(failures.InnerExceptions[0], failures.OriginsAt(0));
            case GroupVerdict.ThrowDeadline:
                return ScopeEnd<T>.Failed(GroupFailures.DeadlineError(facts));
            default:
                return ScopeEnd<T>.Failed(new GroupCancelledException($"{state.Name} has no value: {state.Cause}.", state.Cause!, OutcomesOf(scope), scope.Token));
        }
    }

    /// <summary>The end as it is journaled: inside the workflow without what the journal has already, of the workflow whole.</summary>
    private EndScope ToCommand<T>(ScopeState state, ScopeEnd<T> end, string? checkpoint)
    {
        bool isWorkflow = state.Owner is null;
        if (isWorkflow && end is { Kind: OutcomeKind.Succeeded } && _continues is { } next)
        {
            // What is cancelled does not go on; there is no value either.
            return state.Cause is null
                ? new EndScope(state.Id, Result.Succeeded(null)) { ContinuesWith = next.Input, Otherwise = next.Otherwise }
                : new EndScope(state.Id, next.Otherwise is null ? Result.Cancelled() : Result.Failed(next.Otherwise));
        }

        if (end.Error is not { } error) return new EndScope(state.Id, new Result(end.Kind, isWorkflow ? end.Value as string : checkpoint));
        (Failure failure, FailureParts? parts) = FailureFold.Shorten(error, end.Origins, State, state, thrown => _failed.GetValueOrDefault(thrown));
        return isWorkflow
            ? new EndScope(state.Id, Result.Failed(FailureFold.Bounded(failure, parts, State, state)))
            : new EndScope(state.Id, Result.Failed(failure)) { Parts = parts };
    }

    /// <summary>How each child of a scope ended that has, in the order of starting.</summary>
    public IReadOnlyList<Outcome> OutcomesOf(ScopeCode scope) =>
        [.. scope.State.Children.Where(child => child.Result is not null).Select(child => HandleOf(scope, child).Handle.UntypedOutcome)];

    /// <summary>How the children of a scope end, in the order in which they do: that of the journal's events, so that every replay sees it.</summary>
    public async IAsyncEnumerable<Outcome> CompletionsOf(ScopeCode scope)
    {
        for (int seen = 0; ;)
        {
            CheckOnTurn("Completions of group", scope.State.Name);
            if (seen < scope.Completed.Count)
            {
                ChildTask child = scope.Completed[seen++].Handle;
                child.MarkAwaited();
                yield return child.UntypedOutcome;
            }
            else if (seen == scope.State.Children.Count)
            {
                yield break;
            }
            else
            {
                await scope.NextCompleted();
            }
        }
    }

    /// <summary>The verdict on a scope, with what the code is given of it.</summary>
    /// <param name="Kind">How it ended.</param>
    /// <param name="Value">The value, where it succeeded with one.</param>
    /// <param name="Error">What leaves it, where it failed.</param>
    private readonly record struct ScopeEnd<T>(OutcomeKind Kind, T? Value = default, Exception? Error = null)
    {
        /// <summary>Where the error came from, if it is none of the scope's own.</summary>
        public IReadOnlyList<FailureOrigin> Origins { get; private init; } = [];

        public static ScopeEnd<T> Failed(Exception error, IReadOnlyList<FailureOrigin>? origins = null) => new(OutcomeKind.Failed, default, error) { Origins = origins ?? [] };
    }
}
