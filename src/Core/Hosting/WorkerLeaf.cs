using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>One delivery of a worker's call.</summary>
internal sealed class WorkerLeaf(HostContext host, WorkflowId workflow, DispatchWorker dispatch, LeafScope scope, Action<LeafEnded> onEnded, Func<LeafAsk, Task<bool>> ask)
    : Leaf(host, workflow, dispatch.Child, dispatch.Attempt, dispatch.Delivery, dispatch.Name, dispatch.Timeout, scope, onEnded), IWorkerCall, IWorkerCaller
{
    // Null where nobody waits until it is ready: most deliveries.
    private readonly Lock _gate = dispatch.GetsReady ? new() : null!;

    // Set once, before the worker is called.
    private CancellationToken _token;

    // Guarded by _gate.
    private Task? _ready;
    private bool _hasReturned;

    public override (string? Worker, string? Input) Call => (dispatch.Worker, dispatch.Input);

    string IWorkerCall.Child => dispatch.Name;

    string IWorkerCall.Worker => dispatch.Worker;

    DateTimeOffset? IWorkerCall.Deadline => dispatch.Deadline;

    CancellationCause? IWorkerCall.Cause => Scope.Cause;

    Payloads IWorkerCall.Payloads => Host.Payloads;

    public static async Task SpawnAsync(DispatchWorker parent, Func<LeafAsk, Task<bool>> ask, Func<Task> signal, string name, string worker, string json)
    {
        if (await ask(new AskSpawn(parent.Child, parent.Delivery, name, worker, json)).ConfigureAwait(false)) return;
        // What leaves the worker with this is its cancellation (R4).
        await signal().ConfigureAwait(false);
        throw new OperationCanceledException($"Child '{name}' was not started: the group of '{parent.Name}' is cancelled, or this delivery is not the current one.");
    }

    Task IWorkerCall.SpawnAsync(string name, string worker, string json) => SpawnAsync(dispatch, ask, SignalFirstAsync, name, worker, json);

    public static InvalidOperationException NotToGetReady(string name) =>
        new($"Child '{name}' was not started with StartAsync: nobody waits until it is ready.");

    Task IWorkerCall.ReadyAsync(string? json)
    {
        if (!dispatch.GetsReady) throw NotToGetReady(Name);
        Task<Task> word = new(() => SayReadyAsync(json));
        Task ready = word.Unwrap();
        lock (_gate)
        {
            if (_hasReturned) throw Readiness.AfterItsEnd(Name);
            if (_ready is not null) throw Readiness.Twice(Name, "context.ReadyAsync");
            _ready = ready;
        }

        // Not under the lock, and not later either: its word is on its way before the worker goes on.
        word.RunSynchronously(TaskScheduler.Default);
        return ready;
    }

    Task IWorkerCaller.Call(Worker worker) => worker.RunUntypedAsync(new JsonInput(dispatch.Input), Host.Payloads, new WorkerContext(this, Attempt), _token);

    WorkEnd IWorkerCaller.Judge(Task task) => Judge(task);

    protected override int Run => dispatch.Run;

    protected override string? TraceParent => dispatch.TraceParent;

    protected override ValueTask<(WorkEnd End, string? Value)> WorkAsync(CancellationToken token)
    {
        _token = token;
        ValueTask<(WorkEnd End, string? Value)> call = WorkerCall.RunAsync(Host, Host.MakerOf(Host.Registry.Workers.Get(dispatch.Worker)), this);
        return dispatch.GetsReady ? EndAsync(call, token) : call;
    }

    /// <summary>Its word that it is ready comes before its end, also where the worker did not wait for the answer.</summary>
    private async ValueTask<(WorkEnd End, string? Value)> EndAsync(ValueTask<(WorkEnd End, string? Value)> call, CancellationToken token)
    {
        (WorkEnd end, string? value) = await call.ConfigureAwait(false);
        Task? ready;
        lock (_gate)
        {
            _hasReturned = true;
            ready = _ready;
        }

        if (ready is not null) await ready.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (end.Kind != OutcomeKind.Succeeded || ready is { IsCompletedSuccessfully: true }) return (end, value);
        return (token.IsCancellationRequested ? WorkEnd.Cancelled : WorkEnd.Failed(Readiness.NeverReady(Name, "context.ReadyAsync(value)")), null);
    }

    private async Task SayReadyAsync(string? json)
    {
        if (await ask(new AskReady(dispatch.Child, dispatch.Delivery, json)).ConfigureAwait(false)) return;
        await SignalFirstAsync().ConfigureAwait(false);
        throw new OperationCanceledException($"Nobody waits until child '{Name}' is ready: this delivery is not the current one.");
    }
}
