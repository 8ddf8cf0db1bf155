using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>Nested workflows of a cluster: each is owned by whichever silo has its grain.</summary>
internal sealed class NestedWorkflows(ClusterClient client, HostContext host, MessageLimit limit) : INestedWorkflows
{
    /// <summary>How long until a workflow that is stuck is asked again.</summary>
    private static readonly TimeSpan StuckPause = TimeSpan.FromSeconds(1);

    public async Task<WorkflowEnd> RunAsync(NestedWorkflow nested, Action onStarted, CancellationToken cancellationToken)
    {
        // Also where its grain is here: what a child's end is does not depend on where it runs.
        if (!limit.Fits(nested.Input)) throw limit.TooLarge($"workflow '{nested.Id}'", nested.Input);
        await client.StartAsync(nested.Workflow, nested.Id, nested.Input, nested.Begin, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        onStarted();
        while (true)
        {
            try
            {
                return await client.WaitAsync(nested.Id, cancellationToken).ConfigureAwait(false);
            }
            catch (WorkflowStuckException)
            {
                // Its silo has said so in its log; it goes on once it is mended.
            }

            await Task.Delay(StuckPause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Cancel(NestedWorkflow nested, string? reason) => host.Run(() => CancelAsync(nested, reason));

    private async Task CancelAsync(NestedWorkflow nested, string? reason)
    {
        while (!host.Stopping.IsCancellationRequested)
        {
            try
            {
                await client.CancelAsync(nested.Id, reason, nested.Parent.Value, Timeout.InfiniteTimeSpan, host.Stopping).ConfigureAwait(false);
                return;
            }
            catch (WorkflowStuckException)
            {
                // As above: then it is told.
            }
            catch (OperationCanceledException) when (host.Stopping.IsCancellationRequested)
            {
                // The next owner of the parent asks again.
                return;
            }

            await Task.Delay(StuckPause, TimeProvider.System, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
