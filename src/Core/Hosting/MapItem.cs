using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>One input of a part of a map: a child of the part's local group, with attempts of its own.</summary>
internal sealed class MapItem(MapLeaf part, int place) : IWorkerCall, IWorkerCaller, ILocalWork
{
    // Of the attempt that runs; one follows the other.
    private int _attempt;
    private CancellationToken _token;

    public string Name => $"[{part.First + place}]";

    public WorkflowId Workflow => part.Workflow;

    public string Child => $"{part.Name}{Name}";

    public string Worker => part.Worker;

    public int Delivery => part.Delivery;

    public string Key => $"{part.Key}/{place}";

    public DateTimeOffset? Deadline => part.Deadline;

    public CancellationCause? Cause => part.Cause ?? part.Group.Cause;

    public Payloads Payloads => part.Context.Payloads;

    /// <summary>Its name, for the child's sake: it is made only where somebody reads it.</summary>
    public override string ToString() => Name;

    /// <summary>Starts the child, on a thread that it may block: others go on with the rest.</summary>
    public void Begin()
    {
        try
        {
            part.Start(place, this);
        }
        catch (OperationCanceledException) when (part.Group.CancellationToken.IsCancellationRequested)
        {
            // Another input failed, or the part is cancelled: this one need not run any more.
        }
        finally
        {
            part.OnBegun();
        }
    }

    public Task ReadyAsync(string? json) => throw WorkerLeaf.NotToGetReady(Child);

    public Task SpawnAsync(string name, string worker, string json) => part.SpawnAsync($"{Name} {name}", worker, json);

    Task IWorkerCaller.Call(Worker worker) => worker.RunUntypedAsync(new JsonInput(part.Inputs, place, _attempt == 1), Payloads, new WorkerContext(this, _attempt), _token);

    WorkEnd IWorkerCaller.Judge(Task task) => WorkEnd.Of(task, _token.IsCancellationRequested, isCancellation: null);

    Task ILocalWork.RunAsync(CancellationToken token)
    {
        _attempt++;
        _token = token;
        ValueTask<(WorkEnd, string?)> call = WorkerCall.RunAsync(part.Context, part.Maker, this);
        if (!call.IsCompletedSuccessfully) return FinishAsync(call);
        Finish(call.Result);
        return Task.CompletedTask;
    }

    private async Task FinishAsync(ValueTask<(WorkEnd, string?)> call) => Finish(await call.ConfigureAwait(false));

    private void Finish((WorkEnd End, string? Value) ended)
    {
        // Its name is made only where it is needed.
        if (ended.End.Kind != OutcomeKind.Succeeded) WorkerCall.ThrowUnlessSucceeded(ended.End, Name, _token);
        part.SetValue(place, ended.Value);
    }
}
