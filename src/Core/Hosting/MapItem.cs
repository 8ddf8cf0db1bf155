using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>One input of a part of a map: a child of the part's local group, with attempts of its own.</summary>
internal sealed class MapItem(MapLeaf part, TaskGroup group, Type type, int place, string input, ChildOptions options) : IWorkerCall, IWorkerCaller
{
    private readonly HostContext _host = part.Context;

    // Of the attempt that runs; one follows the other.
    private int _attempt;
    private CancellationToken _token;

    public string Name => $"[{part.First + place}]";

    public CancellationCause? Cause => part.Cause ?? group.Cause;

    public Payloads Payloads => _host.Payloads;

    /// <summary>Starts the child, on a thread that it may block: others go on with the rest.</summary>
    public void Begin()
    {
        try
        {
            _ = group.Start(Name, RunAsync, options);
        }
        catch (OperationCanceledException) when (group.CancellationToken.IsCancellationRequested)
        {
            // Another input failed, or the part is cancelled: this one need not run any more.
        }
        finally
        {
            part.OnBegun();
        }
    }

    public Task SpawnAsync(string name, string worker, string json) => part.SpawnAsync($"{Name} {name}", worker, json);

    Task IWorkerCaller.Call(Worker worker) => worker.RunUntypedAsync(input, Payloads, part.MakeContext(this, place, Name, _attempt), _token);

    WorkEnd IWorkerCaller.Judge(Task task) => WorkEnd.Of(task, _token.IsCancellationRequested, isCancellation: null);

    private Task RunAsync(CancellationToken token)
    {
        _attempt++;
        _token = token;
        ValueTask<(WorkEnd, string?)> call = WorkerCall.RunAsync(_host, type, this);
        if (!call.IsCompletedSuccessfully) return FinishAsync(call);
        Finish(call.Result);
        return Task.CompletedTask;
    }

    private async Task FinishAsync(ValueTask<(WorkEnd, string?)> call) => Finish(await call.ConfigureAwait(false));

    private void Finish((WorkEnd End, string? Value) ended)
    {
        WorkerCall.ThrowUnlessSucceeded(ended.End, Name, _token);
        part.SetValue(place, ended.Value);
    }
}
