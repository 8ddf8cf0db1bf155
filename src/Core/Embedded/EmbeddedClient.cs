using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf.Embedded;

/// <summary>The client of the embedded host.</summary>
internal sealed class EmbeddedClient(EmbeddedHost host) : WorkflowClientBase(host.Context.Payloads, host.Context.Options)
{
    public override async Task<WorkflowDescription?> DescribeAsync(WorkflowId id, CancellationToken cancellationToken = default)
    {
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        return await host.Workflows.DescribeAsync(id, cancellationToken).ConfigureAwait(false);
    }

    public override async IAsyncEnumerable<WorkflowEvent> WatchAsync(WorkflowId id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        await foreach (WorkflowEvent @event in host.Workflows.WatchAsync(id, cancellationToken).ConfigureAwait(false)) yield return @event;
    }

    public override IAsyncEnumerable<WorkflowSummary> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) =>
        host.Workflows.ListAsync(status, cancellationToken);

    protected override async Task<bool> StartAsync(string workflow, WorkflowId id, string input, CancellationToken cancellationToken)
    {
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        return await host.Workflows.StartAsync(workflow, id, input, new Begin(Activity.Current?.Id), cancellationToken).ConfigureAwait(false);
    }

    protected override async Task<WorkflowEnd> RunAsync(string workflow, WorkflowId id, string input)
    {
        await host.StartAsync(CancellationToken.None).ConfigureAwait(false);
        return await host.Workflows.RunAsync(workflow, id, input, new Begin(Activity.Current?.Id), CancellationToken.None).ConfigureAwait(false);
    }

    protected override async Task<WorkflowEnd> EndAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        return await host.Workflows.EndAsync(id, cancellationToken).ConfigureAwait(false);
    }

    protected override async Task<WorkflowState?> FoldAsync(WorkflowId id, CancellationToken cancellationToken) =>
        await JournalReading.FoldAsync(host.Context.Journal, id, cancellationToken).ConfigureAwait(false) is { HasStarted: true } state ? state : null;

    protected override async Task<bool> AskAsync(WorkflowId id, Input input, CancellationToken cancellationToken)
    {
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        return await host.Workflows.AskAsync(id, input, cancellationToken).ConfigureAwait(false);
    }
}
