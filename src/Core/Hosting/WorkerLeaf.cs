using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>One delivery of a worker's call.</summary>
internal sealed class WorkerLeaf(HostContext host, WorkflowId workflow, DispatchWorker dispatch, LeafScope scope, Action<LeafEnded> onEnded, Func<AskSpawn, Task<bool>> spawn)
    : Leaf(host, workflow, dispatch.Child, dispatch.Attempt, dispatch.Delivery, dispatch.Name, dispatch.Timeout, scope, onEnded), IWorkerCall, IWorkerCaller
{
    // Set once, before the worker is called.
    private CancellationToken _token;

    public override (string? Worker, string? Input) Call => (dispatch.Worker, dispatch.Input);

    string IWorkerCall.Child => dispatch.Name;

    string IWorkerCall.Worker => dispatch.Worker;

    DateTimeOffset? IWorkerCall.Deadline => dispatch.Deadline;

    CancellationCause? IWorkerCall.Cause => Scope.Cause;

    Payloads IWorkerCall.Payloads => Host.Payloads;

    public static async Task SpawnAsync(DispatchWorker parent, Func<AskSpawn, Task<bool>> spawn, string name, string worker, string json)
    {
        if (!await spawn(new AskSpawn(parent.Child, parent.Delivery, name, worker, json)).ConfigureAwait(false))
            throw new OperationCanceledException($"Child '{name}' was not started: the group of '{parent.Name}' is cancelled, or this delivery is not the current one.");
    }

    Task IWorkerCall.SpawnAsync(string name, string worker, string json) => SpawnAsync(dispatch, spawn, name, worker, json);

    Task IWorkerCaller.Call(Worker worker) => worker.RunUntypedAsync(new JsonInput(dispatch.Input), Host.Payloads, new WorkerContext(this, Attempt), _token);

    WorkEnd IWorkerCaller.Judge(Task task) => Judge(task);

    protected override int Run => dispatch.Run;

    protected override string? TraceParent => dispatch.TraceParent;

    protected override ValueTask<(WorkEnd End, string? Value)> WorkAsync(CancellationToken token)
    {
        _token = token;
        return WorkerCall.RunAsync(Host, Host.MakerOf(Host.Registry.Workers.Get(dispatch.Worker)), this);
    }
}
