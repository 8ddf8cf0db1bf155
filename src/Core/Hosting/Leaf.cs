using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>One delivery of a worker's call or a step, running in this process.</summary>
/// <remarks>
/// States: queued → running → ended, once; or running → given up, after which its end is nobody's business. Signalled or not is independent: by its scope, its timeout or its host, each of them
/// on any thread, and more than once without harm. What callbacks on its token throw is its own affair (C1).
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The source has neither a timer nor a wait handle, and may just be signalled by another thread.")]
internal abstract class Leaf(HostContext host, WorkflowId workflow, ChildId child, int attempt, int delivery, string name, TimeSpan? timeout, LeafScope scope, Action<LeafEnded> onEnded)
{
    private readonly CancellationTokenSource _source = new();

    private const int Entered = 1;
    private const int Left = 2;

    // Whether the host counts it among what runs: 0 before it does, then Entered, then Left, once.
    private int _presence;

    // Null until the token is signalled; completes when its callbacks have run.
    private TaskCompletionSource? _signal;

    // Null until a callback throws; written by the one signal, read after it has completed.
    private IReadOnlyList<Exception>? _callbackErrors;

    // Null until it is asked for.
    private string? _key;

    // Whether time ran out before anything else signalled the token.
    private volatile bool _timedOut;

    public WorkflowId Workflow => workflow;

    public ChildId Child => child;

    public int Delivery => delivery;

    public int Attempt => attempt;

    public string Name => name;

    /// <summary>The key of its effects: the same for every attempt and delivery of the child, and for no other child.</summary>
    public string Key => _key ??= $"{WorkflowState.NameOfRun(workflow, Run)}/{child}";

    /// <summary>Which of the workflow's runs it is of.</summary>
    protected abstract int Run { get; }

    /// <summary>What it runs and with what, for who looks on: a worker's name and input; null for a step.</summary>
    public virtual (string? Worker, string? Input) Call => default;

    /// <summary>Whether it is over when this host stops.</summary>
    public virtual bool EndsWithHost => true;

    /// <summary>The trace context of its group; null where nobody traces.</summary>
    protected abstract string? TraceParent { get; }

    /// <summary>How long it may take from now on; null for no limit.</summary>
    protected virtual TimeSpan? TimeLeft => timeout;

    protected HostContext Host => host;

    protected LeafScope Scope => scope;

    /// <summary>Runs it until it first waits; the rest follows on the pool.</summary>
    public void Execute()
    {
        host.Enter();
        Volatile.Write(ref _presence, Entered);
        host.Probe?.Enter();
        Task running = RunAsync();
        if (!running.IsCompletedSuccessfully) host.Observe(running);
    }

    /// <summary>Signals the token, once.</summary>
    public void Signal()
    {
        TaskCompletionSource signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _signal, signal, null) is not null) return;
        try
        {
            _source.Cancel();
        }
        catch (AggregateException thrown)
        {
            _callbackErrors = thrown.Flatten().InnerExceptions;
        }
        finally
        {
            signal.SetResult();
        }
    }

    /// <summary>Signals the token, and returns once it is: whoever asked on its behalf has heard that nobody waits for it, before the signal has come.</summary>
    protected async Task SignalFirstAsync()
    {
        TaskCompletionSource signalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = _source.Token.UnsafeRegister(static signalled => ((TaskCompletionSource)signalled!).SetResult(), signalled);
        host.Signals.Add(this);
        await signalled.Task.ConfigureAwait(false);
    }

    /// <summary>Nobody waits for its end any more: a host that stops does not either.</summary>
    public void GiveUp()
    {
        // Before it runs there is nothing to leave; then it will be waited for, which costs no more than time.
        if (Interlocked.CompareExchange(ref _presence, Left, Entered) == Entered) host.Leave();
    }

    /// <summary>Does the work.</summary>
    protected abstract ValueTask<(WorkEnd End, string? Value)> WorkAsync(CancellationToken token);

    /// <summary>What the work's own predicate says of its failure; null where types decide.</summary>
    protected virtual Func<Exception, bool>? IsWorthRetry => null;

    /// <summary>The end of an attempt that was cancelled since its time was up.</summary>
    protected WorkEnd TimedOut() => WorkEnd.Failed(new TimeoutException($"Attempt {attempt} of child '{name}' took longer than its timeout of {timeout}."));

    /// <summary>Judges work that has ended, by whether its token was signalled (R4).</summary>
    protected WorkEnd Judge(Task task) => WorkEnd.Of(task, _source.IsCancellationRequested, isCancellation: null);

    private WorkEnd Judge(Exception thrown) => WorkEnd.Of(thrown, _source.IsCancellationRequested, isCancellation: null);

    private async Task RunAsync()
    {
        SheafTelemetry.DeliveriesRunning.Add(1);
        try
        {
            DateTimeOffset startedAt = host.Time.GetUtcNow();
            // The worker's own spans are children of this one.
            using Activity? span = StartSpan();
            (Result result, bool? worthRetry) = await AttemptAsync().ConfigureAwait(false);
            SheafTelemetry.End(span, result.Kind, result.Failure);
            if (SheafTelemetry.DeliveriesEnded.Enabled) SheafTelemetry.DeliveriesEnded.Add(1, new("sheaf.worker", Call.Worker ?? "step"), new("sheaf.outcome", result.Kind.ToString()));
            // A host that stops takes its deliveries with it; they say nothing of the attempt (D2).
            if (!host.Stopping.IsCancellationRequested)
                onEnded(new LeafEnded(child, attempt, delivery, result, startedAt) { IsWorthRetry = worthRetry, Silo = host.SiloName });
        }
        finally
        {
            SheafTelemetry.DeliveriesRunning.Add(-1);
            GiveUp();
            host.Probe?.Leave();
        }
    }

    private Activity? StartSpan()
    {
        if (!SheafTelemetry.Source.HasListeners()) return null;
        Activity? span = SheafTelemetry.Source.StartActivity($"{(Call.Worker is { } worker ? $"worker {worker}" : $"step {name}")}", ActivityKind.Internal, SheafTelemetry.ContextOf(TraceParent));
        return span?
            .SetTag("sheaf.workflow.id", workflow.Value)
            .SetTag("sheaf.child", name)
            .SetTag("sheaf.attempt", attempt)
            .SetTag("sheaf.delivery", delivery)
            .SetTag("sheaf.silo", host.SiloName);
    }

    private async ValueTask<(Result Result, bool? IsWorthRetry)> AttemptAsync()
    {
        using GroupTimer? timer = GroupTimer.Start(host.Time, TimeLeft, OnTimeout);
        if (scope.Cause is not null) Signal();
        WorkEnd end;
        string? value = null;
        try
        {
            (end, value) = EndsWithHost && host.Probe is { } probe
                ? await probe.RunAsync(this, () => WorkAsync(_source.Token).AsTask()).ConfigureAwait(false)
                : await WorkAsync(_source.Token).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            end = Judge(thrown);
        }

        // A signal that is on its way through the callbacks: what they throw belongs here.
        if (Volatile.Read(ref _signal) is { } signal) await signal.Task.ConfigureAwait(false);
        if (end.Kind == OutcomeKind.Cancelled && _timedOut && scope.Cause is null) end = TimedOut();
        if (_callbackErrors is { Count: > 0 } callbackErrors) end = WorkEnd.Failed([.. end.Errors, .. callbackErrors]);
        if (end.Kind == OutcomeKind.Succeeded) return (Result.Succeeded(value), null);
        if (end.Kind == OutcomeKind.Cancelled) return (Result.Cancelled(), null);
        return Failed(end.Error(name)!);
    }

    private (Result Result, bool? IsWorthRetry) Failed(Exception error)
    {
        if (IsWorthRetry is not { } predicate) return (Result.Failed(Failure.From(error)), null);
        try
        {
            return (Result.Failed(Failure.From(error)), ExceptionGroup.From(error).Leaves.All(leaf => predicate(leaf.Exception)));
        }
        catch (Exception predicateError)
        {
            return (Result.Failed(Failure.From(new ExceptionGroup(name, [error, predicateError]))), false);
        }
    }

    private void OnTimeout()
    {
        if (Volatile.Read(ref _signal) is null) _timedOut = true;
        Signal();
    }
}
