using System.Runtime.ExceptionServices;

namespace Sheaf.Engine;

/// <summary>What a run knows of its handles, whatever the type of their values.</summary>
internal interface IWorkflowChild : IGroupChild
{
    /// <summary>The id of a child that is a workflow of its own.</summary>
    WorkflowId WorkflowId { get; }

    /// <summary>Gives the handle its value or error, from the state.</summary>
    void Settle();

    /// <summary>The child is ready: completes its start.</summary>
    void OnReady();

    /// <summary>Completes the settled handle. Its waiters go on later in the same turn, in the order in which handles complete.</summary>
    void Complete();
}

/// <summary>The handle of a durable child. Lives on its workflow's turns.</summary>
internal sealed class WorkflowChild<T> : ChildTask<T>, IWorkflowChild
{
    private readonly ChildState _state;
    private readonly WorkflowRun _run;

    // Continuations are queued, never inlined: the order of turns must not depend on who waits how (D1).
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private T? _value;
    private Exception? _error;
    private bool _completed;
    private bool _awaited;

    public WorkflowChild(WorkflowRun run, ChildState state)
    {
        _run = run;
        _state = state;
        _awaited = run.WasAwaitedInCheckpoint(state.Id);
    }

    /// <summary>Its start, where that waits for the child to be ready; null for any other.</summary>
    public IWorkflowReadiness? Readiness { get; init; }

    /// <summary>For a branch or group: the value and error as they left its code, with their instances.</summary>
    public (T? Value, Exception? Error)? LiveEnd { get; set; }

    public override string Name => _state.Start.Name;

    public override int Ordinal => _state.Id.Ordinal;

    public override bool HasEnded => _completed;

    public ChildTask Handle => this;

    public OutcomeKind Kind => _state.Result!.Kind;

    public bool Isolated => _state.IsIsolated;

    public bool WasAwaited => _awaited || (!_state.IsReady && Readiness is { WasAwaited: true });

    public Exception? Error => _error;

    public FailureOrigin Origin => _state.OriginIn(_run.State);

    public WorkflowId WorkflowId => _state.WorkflowIdIn(_run.State);

    internal override Task WhenEnded => _ended.Task;

    private protected override bool KeepsContext => true;

    internal override Outcome<T> TypedOutcome => new(
        this, Kind, _value, _error, _error is null ? null : Origin, new OutcomeTimes(Kind == OutcomeKind.NotStarted ? null : _state.StartedAt, _state.EndedAt!.Value), _state.Attempt);

    public void Settle()
    {
        Result result = _state.Result!;
        if (LiveEnd is { } live) (_value, _error) = live;
        else if (result.Failure is { } failure) _error = _run.ErrorOf(_state, failure);
        else if (result.Kind == OutcomeKind.Succeeded) _value = Read(result.Value);
    }

    public void OnReady() => Readiness?.OnReady();

    public void Complete()
    {
        _completed = true;
        _ended.SetResult();
        Readiness?.OnEnded();
    }

    internal override void MarkAwaited()
    {
        _run.CheckOnTurn("await of child", Name);
        _awaited = true;
        _run.OnAwaited(_state);
    }

    internal override T GetResult()
    {
        if (!HasEnded) throw new InvalidOperationException($"Child '{Name}' has not ended. Await it.");
        switch (Kind)
        {
            case OutcomeKind.Succeeded:
                if (_error is not null) ExceptionDispatchInfo.Throw(_error);
                return _value!;
            case OutcomeKind.Failed or OutcomeKind.Abandoned:
                ExceptionDispatchInfo.Throw(_error!);
                break;
            default:
                break;
        }

        string what = Kind == OutcomeKind.NotStarted ? "was never started" : "was cancelled";
        throw new OperationCanceledException($"Child '{Name}' {what}: {_state.Scope.Cause}.", _error, _run.TokenOf(_state.Scope));
    }

    internal override void ThrowUnlessSucceeded() => GetResult();

    /// <summary>
    /// A journaled value that this code's type cannot read is the awaiter's error: the child itself has succeeded. Not so a checkpoint's,
    /// which was read when it was journaled: the code has changed, and the workflow waits for it to be mended (D3).
    /// </summary>
    private T? Read(string? json)
    {
        bool isCheckpoint = _state.Inner is not null;
        try
        {
            if (json is null && isCheckpoint && typeof(T) != typeof(Nothing)) throw new InvalidOperationException("The code that wrote it gave none.");
            return _run.Payloads.Read<T>(json);
        }
        catch (Exception error)
        {
            string what = json is null ? "nothing" : $"{json.Length} characters of JSON";
            string message = _state.Start.Kind == ChildKind.Signal
                ? $"Signal '{Name}' came with {what} that {typeof(T)} cannot be read from. Send what the workflow waits for."
                : $"The value of child '{Name}' is journaled as {what} that {typeof(T)} cannot be read from. Has the type changed since?";
            _error = new InvalidOperationException(message, error);
            if (isCheckpoint) _run.Refuse(new NonDeterministicWorkflowException($"Workflow '{_run.State.Id}' differs from its journal. {message} Nothing is lost: bring the code back to what it was, and the workflow goes on.", error));
            return default;
        }
    }
}
