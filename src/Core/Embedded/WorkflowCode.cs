using Microsoft.Extensions.DependencyInjection;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Embedded;

/// <summary>The user's code of one run, with the service scope that it lives in.</summary>
/// <remarks>The scope is disposed of by the actor, off the turn: what services do then may await anything.</remarks>
internal sealed class WorkflowCode(EmbeddedHost host, WorkflowHeader header) : IAsyncDisposable
{
    private AsyncServiceScope? _services;

    /// <summary>Makes the workflow's object and runs it, on a turn. What cannot be made is no failure of the workflow: it is stuck until mended.</summary>
    public Task<string?> RunAsync(WorkflowContext context)
    {
        Workflow workflow;
        try
        {
            if (!host.Registry.Workflows.TryGet(header.Workflow, out Type? type)) throw new InvalidOperationException(host.Registry.Workflows.Missing(header.Workflow));
            _services = host.Services.CreateAsyncScope();
            workflow = (Workflow)ActivatorUtilities.CreateInstance(_services.Value.ServiceProvider, type);
        }
        catch (Exception error)
        {
            throw new CodeNotMadeException($"The code of workflow '{header.Id}' could not be made: {error.Message}", error);
        }

        return workflow.RunJsonAsync(header.Input, host.Payloads, context);
    }

    public ValueTask DisposeAsync() => _services?.DisposeAsync() ?? ValueTask.CompletedTask;
}
