using Microsoft.Extensions.DependencyInjection;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Hosting;

/// <summary>The user's code of one run, with the service scope that it lives in.</summary>
/// <remarks>The scope is disposed of by the actor, off the turn: what services do then may await anything.</remarks>
internal sealed class WorkflowCode(HostContext host, WorkflowHeader header) : IAsyncDisposable
{
    private AsyncServiceScope? _services;
    private Workflow? _workflow;

    /// <summary>Makes the workflow's object and runs it, on a turn. What cannot be made is no failure of the workflow: it is stuck until mended.</summary>
    public Task<string?> RunAsync(WorkflowContext context)
    {
        try
        {
            Type type = host.Registry.Workflows.Get(header.Workflow);
            _services = host.Services.CreateAsyncScope();
            _workflow = (Workflow)host.MakerOf(type).Make(_services.Value.ServiceProvider);
        }
        catch (Exception error)
        {
            throw new CodeNotMadeException($"The code of workflow '{header.Id}' could not be made: {error.Message}", error);
        }

        return _workflow.RunJsonAsync(context.ContinuedInput ?? header.Input, host.Payloads, context);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_workflow is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync().ConfigureAwait(false);
            else (_workflow as IDisposable)?.Dispose();
        }
        finally
        {
            if (_services is { } services) await services.DisposeAsync().ConfigureAwait(false);
        }
    }
}
