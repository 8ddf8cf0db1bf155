using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>Who calls a worker: what it is called with, and by which token its end is judged (R4).</summary>
internal interface IWorkerCaller
{
    /// <summary>The child's name, for errors.</summary>
    string Name { get; }

    Task Call(Worker worker);

    WorkEnd Judge(Task task);
}

/// <summary>Calls a worker once: an instance of its own, from a service scope of its own, and its clean-up.</summary>
internal static class WorkerCall
{
    /// <summary>Calls it.</summary>
    /// <returns>How it ended, and its value as JSON.</returns>
    public static async ValueTask<(WorkEnd End, string? Value)> RunAsync(HostContext host, CodeMaker maker, IWorkerCaller caller)
    {
        // One whose constructor asks for nothing can tell no scope from none.
        AsyncServiceScope? services = maker.NeedsServices ? host.Services.CreateAsyncScope() : null;
        object? made = null;
        WorkEnd end;
        string? value = null;
        try
        {
            made = maker.Make(services?.ServiceProvider ?? host.Services);
            Worker worker = (Worker)made;
            Task task = caller.Call(worker) ?? throw new InvalidOperationException($"{worker.GetType()}.RunAsync of child '{caller.Name}' returned null instead of a task. Return Task.CompletedTask or Task.FromResult where there is nothing to wait for.");
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            end = caller.Judge(task);
            if (end.Kind == OutcomeKind.Succeeded) value = worker.ValueOf(task, host.Payloads);
        }
        catch (Exception thrown)
        {
            end = caller.Judge(Task.FromException(thrown));
        }

        // After the value is JSON: what makes it may need the services.
        if (services is null && made is not (IAsyncDisposable or IDisposable)) return (end, value);
        List<Exception> cleanUp = [];
        await DisposeAsync(made, cleanUp).ConfigureAwait(false);
        await DisposeAsync(services, cleanUp).ConfigureAwait(false);
        return cleanUp.Count == 0 ? (end, value) : (WorkEnd.Failed([.. end.Errors, .. cleanUp]), null);
    }

    /// <summary>Throws what ended the call, if it did not succeed, as one exception.</summary>
    public static void ThrowUnlessSucceeded(WorkEnd end, string name, CancellationToken token)
    {
        if (end.Kind == OutcomeKind.Cancelled) throw new OperationCanceledException(token);
        if (end.Error(name) is { } error) ExceptionDispatchInfo.Throw(error);
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
