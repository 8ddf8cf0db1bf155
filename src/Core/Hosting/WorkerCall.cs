using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>Calls a worker once: an instance of its own, from a service scope of its own, and its clean-up.</summary>
internal static class WorkerCall
{
    /// <summary>Calls it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="type">The worker's class.</param>
    /// <param name="name">The child's name, for errors.</param>
    /// <param name="call">Calls the instance.</param>
    /// <param name="judge">Judges its task by the token that it was given (R4).</param>
    /// <returns>How it ended, and its value as JSON.</returns>
    public static async Task<(WorkEnd End, string? Value)> RunAsync(HostContext host, Type type, string name, Func<Worker, Task> call, Func<Task, WorkEnd> judge)
    {
        // One whose constructor asks for nothing can tell no scope from none.
        AsyncServiceScope? services = host.NeedsServices(type) ? host.Services.CreateAsyncScope() : null;
        object? made = null;
        WorkEnd end;
        string? value = null;
        try
        {
            made = host.Make(type, services?.ServiceProvider ?? host.Services);
            Worker worker = (Worker)made;
            Task task = call(worker) ?? throw LocalChild<Nothing>.NoTask(name);
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            end = judge(task);
            if (end.Kind == OutcomeKind.Succeeded) value = worker.ValueOf(task, host.Payloads);
        }
        catch (Exception thrown)
        {
            end = judge(Task.FromException(thrown));
        }

        // After the value is JSON: what makes it may need the services.
        if (services is null && made is not (IAsyncDisposable or IDisposable)) return (end, value);
        List<Exception> cleanUp = [];
        await DisposeAsync(made, cleanUp).ConfigureAwait(false);
        await DisposeAsync(services, cleanUp).ConfigureAwait(false);
        return cleanUp.Count == 0 ? (end, value) : (WorkEnd.Failed([.. end.Errors, .. cleanUp]), null);
    }

    /// <summary>The value; or what ended the call, thrown as one exception.</summary>
    public static string? ValueOrThrow((WorkEnd End, string? Value) ended, string name, CancellationToken token)
    {
        if (ended.End.Kind == OutcomeKind.Cancelled) throw new OperationCanceledException(token);
        if (ended.End.Error(name) is { } error) ExceptionDispatchInfo.Throw(error);
        return ended.Value;
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
