using Microsoft.Extensions.DependencyInjection;
using Sheaf.Engine;

namespace Sheaf.Embedded;

/// <summary>Runs the leaves of one workflow on the thread pool: worker calls and steps.</summary>
/// <remarks>Called by its workflow's actor only, except for the ends of leaves, which it posts to the actor.</remarks>
internal sealed class LeafPool(WorkflowId workflow, EmbeddedHost host, Action<Letter> post)
{
    private readonly Dictionary<int, ScopeToken> _scopes = [];
    private readonly Dictionary<ChildId, int> _running = [];

    /// <summary>Whether this delivery runs here, or has ended here and waits to be applied.</summary>
    public bool Has(Delivery delivery) => _running.TryGetValue(delivery.Child, out int number) && number == delivery.Number;

    public void Start(DispatchWorker dispatch)
    {
        ScopeToken scope = Scope(dispatch.Child.Scope);
        Start(dispatch.Child, dispatch.Attempt, dispatch.Delivery, dispatch.Name, dispatch.Timeout, isWorthRetry: null, scope, token =>
        {
            if (!host.Registry.Workers.TryGet(dispatch.Worker, out Type? type)) throw new InvalidOperationException(host.Registry.Workers.Missing(dispatch.Worker));
            return RunWorkerAsync(type, dispatch, scope, token);
        });
    }

    public void Start(RunStep step) => Start(
        step.Child, step.Attempt, step.Delivery, step.Name, step.Timeout, step.Work.IsWorthRetry, Scope(step.Child.Scope), async token =>
        {
            Task? task = step.Work.Run(token) ?? throw LocalChild<Nothing>.NoTask(step.Name);
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return (task, () => step.Work.ValueOf(task));
        });

    /// <summary>Forgets a delivery whose end has been applied.</summary>
    public void OnApplied(ChildId child, int delivery)
    {
        if (Has(new Delivery(child, delivery))) _running.Remove(child);
    }

    /// <summary>Signals a scope's token. Not awaited: whoever cancels must not wait for callbacks.</summary>
    public void Cancel(int scope, CancellationCause cause) => host.Track(Scope(scope).CancelAsync(cause));

    /// <summary>Signals whatever still runs: nobody waits for it any more.</summary>
    public void CancelAll(CancellationCause cause)
    {
        foreach (ScopeToken scope in _scopes.Values) host.Track(scope.CancelAsync(cause));
    }

    public void Close(int scope) => _scopes.Remove(scope);

    private ScopeToken Scope(int id)
    {
        if (!_scopes.TryGetValue(id, out ScopeToken? scope)) _scopes[id] = scope = new ScopeToken();
        return scope;
    }

    private void Start(ChildId child, int attempt, int delivery, string name, TimeSpan? timeout, Func<Exception, bool>? isWorthRetry, ScopeToken scope, Func<CancellationToken, Task<(Task Task, Func<string?> Value)>> run)
    {
        _running[child] = delivery;
        host.Track(Task.Run(RunAsync));

        async Task RunAsync()
        {
            DateTimeOffset startedAt = host.Time.GetUtcNow();
            (Result result, bool? worthRetry) = await RunAttemptAsync(attempt, name, timeout, isWorthRetry, scope, run).ConfigureAwait(false);
            // A host that stops takes its deliveries with it; they say nothing of the attempt (D2).
            if (!host.Stopping.IsCancellationRequested) post(new Letter(new LeafEnded(child, attempt, delivery, result, startedAt) { IsWorthRetry = worthRetry }));
        }
    }

    private async Task<(Result Result, bool? IsWorthRetry)> RunAttemptAsync(int attempt, string name, TimeSpan? timeout, Func<Exception, bool>? isWorthRetry, ScopeToken scope, Func<CancellationToken, Task<(Task Task, Func<string?> Value)>> run)
    {
        // Most attempts have no timeout, and a source with a clock of its own costs a timer even if that never runs out.
        // Not disposed of: it has no timer of its own, and the one below may just be signalling it.
        CancellationTokenSource? timer = timeout is null ? null : new();
        using GroupTimer? running = timer is null ? null : GroupTimer.Start(host.Time, timeout, timer.Cancel);
        using AttemptToken all = timer is null ? new(scope.Token, host.Stopping) : new(scope.Token, timer.Token, host.Stopping);
        WorkEnd end;
        string? value = null;
        try
        {
            (Task task, Func<string?> valueOf) = await run(all.Token).ConfigureAwait(false);
            end = WorkEnd.Of(task, all.Token.IsCancellationRequested, isCancellation: null);
            if (end.Kind == OutcomeKind.Succeeded) value = valueOf();
        }
        catch (Exception thrown)
        {
            end = WorkEnd.Of(thrown, all.Token.IsCancellationRequested, isCancellation: null);
        }

        if (end.Kind == OutcomeKind.Cancelled && !scope.Token.IsCancellationRequested && timer is { IsCancellationRequested: true })
            end = WorkEnd.Failed(new TimeoutException($"Attempt {attempt} of child '{name}' took longer than its timeout of {timeout}."));
        if (all.Close() is { Count: > 0 } callbackErrors) end = WorkEnd.Failed([.. end.Errors, .. callbackErrors]);
        if (end.Kind == OutcomeKind.Succeeded) return (Result.Succeeded(value), null);
        if (end.Kind == OutcomeKind.Cancelled) return (Result.Cancelled(), null);
        return Judge(end, name, isWorthRetry);
    }

    private static (Result Result, bool? IsWorthRetry) Judge(WorkEnd end, string name, Func<Exception, bool>? isWorthRetry)
    {
        Exception error = end.Error(name)!;
        if (isWorthRetry is null) return (Result.Failed(Failure.From(error)), null);
        try
        {
            return (Result.Failed(Failure.From(error)), ExceptionGroup.From(error).Leaves.All(leaf => isWorthRetry(leaf.Exception)));
        }
        catch (Exception predicateError)
        {
            return (Result.Failed(Failure.From(new ExceptionGroup(name, [error, predicateError]))), false);
        }
    }

    private async Task<(Task Task, Func<string?> Value)> RunWorkerAsync(Type type, DispatchWorker dispatch, ScopeToken scope, CancellationToken token)
    {
        AsyncServiceScope services = host.Services.CreateAsyncScope();
        await using (services.ConfigureAwait(false))
        {
            var worker = (Worker)ActivatorUtilities.CreateInstance(services.ServiceProvider, type);
            WorkerContext context = new(
                workflow, dispatch.Child.ToString(), dispatch.Name, dispatch.Worker, dispatch.Attempt, dispatch.Delivery, dispatch.Deadline, host.Payloads, () => scope.Cause,
                (name, sibling, json) => SpawnAsync(dispatch, name, sibling, json));
            Task task = worker.RunUntypedAsync(dispatch.Input, host.Payloads, context, token) ?? throw LocalChild<Nothing>.NoTask(dispatch.Name);
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return (task, () => worker.ValueOf(task, host.Payloads));
        }
    }

    private async Task SpawnAsync(DispatchWorker parent, string name, string worker, string json)
    {
        TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        post(new Letter(new AskSpawn(parent.Child, parent.Delivery, name, worker, json), done));
        if (!await done.Task.ConfigureAwait(false))
            throw new OperationCanceledException($"Child '{name}' was not started: the group of '{parent.Name}' is cancelled, or this delivery is not the current one.");
    }
}
