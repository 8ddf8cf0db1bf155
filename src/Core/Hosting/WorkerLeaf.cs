using Microsoft.Extensions.DependencyInjection;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>One delivery of a worker's call: an instance of its own, from a service scope of its own.</summary>
internal sealed class WorkerLeaf(HostContext host, WorkflowId workflow, DispatchWorker dispatch, LeafScope scope, Action<LeafEnded> onEnded, Func<AskSpawn, Task<bool>> spawn)
    : Leaf(host, workflow, dispatch.Child, dispatch.Attempt, dispatch.Delivery, dispatch.Name, dispatch.Timeout, scope, onEnded)
{
    public override (string? Worker, string? Input) Call => (dispatch.Worker, dispatch.Input);

    protected override async Task<(WorkEnd End, string? Value)> WorkAsync(CancellationToken token)
    {
        if (!Host.Registry.Workers.TryGet(dispatch.Worker, out Type? type)) throw new InvalidOperationException(Host.Registry.Workers.Missing(dispatch.Worker));
        AsyncServiceScope services = Host.Services.CreateAsyncScope();
        object? worker = null;
        (WorkEnd End, string? Value) end;
        try
        {
            worker = Host.Make(type, services.ServiceProvider);
            end = await CallAsync((Worker)worker, token).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            end = (Judge(thrown), null);
        }

        // After the value is JSON: what makes it may need the services.
        List<Exception> cleanUp = [];
        await DisposeAsync(worker, cleanUp).ConfigureAwait(false);
        await DisposeAsync(services, cleanUp).ConfigureAwait(false);
        return cleanUp.Count == 0 ? end : (WorkEnd.Failed([.. end.End.Errors, .. cleanUp]), null);
    }

    private async Task<(WorkEnd End, string? Value)> CallAsync(Worker worker, CancellationToken token)
    {
        WorkerContext context = new(
            Workflow, dispatch.Child.ToString(), dispatch.Name, dispatch.Worker, dispatch.Attempt, dispatch.Delivery, dispatch.Deadline, Host.Payloads, () => Scope.Cause, SpawnAsync);
        Task task = worker.RunUntypedAsync(dispatch.Input, Host.Payloads, context, token) ?? throw LocalChild<Nothing>.NoTask(Name);
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        WorkEnd end = Judge(task);
        return (end, end.Kind == OutcomeKind.Succeeded ? worker.ValueOf(task, Host.Payloads) : null);
    }

    private async Task SpawnAsync(string name, string worker, string json)
    {
        if (!await spawn(new AskSpawn(dispatch.Child, dispatch.Delivery, name, worker, json)).ConfigureAwait(false))
            throw new OperationCanceledException($"Child '{name}' was not started: the group of '{Name}' is cancelled, or this delivery is not the current one.");
    }

    /// <summary>What clean-up throws is the child's failure too, beside its own.</summary>
    private static async ValueTask DisposeAsync(object? disposable, List<Exception> errors)
    {
        try
        {
            if (disposable is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync().ConfigureAwait(false);
            else (disposable as IDisposable)?.Dispose();
        }
        catch (Exception error)
        {
            errors.Add(error);
        }
    }
}
