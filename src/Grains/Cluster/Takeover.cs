using System.Diagnostics.CodeAnalysis;
using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Grains;

/// <summary>Takes over workflows that no live silo owns (D7).</summary>
/// <remarks>Thread-safe. One run at a time; all survivors run at once, and each workflow goes to one of them.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle: nothing to dispose of.")]
internal sealed class Takeover(HostContext host, SiloAddress local, IGrainFactory grains)
{
    private const int Page = 200;

    private readonly SemaphoreSlim _running = new(1, 1);

    public async Task RunAsync(IReadOnlyList<string> live)
    {
        await _running.WaitAsync(host.Stopping).ConfigureAwait(false);
        try
        {
            while (!host.Stopping.IsCancellationRequested)
            {
                IReadOnlyList<WorkflowHeader> claimed = await host.Journal.ClaimAbandonedAsync(live, host.OwnerName, Page, host.Stopping).ConfigureAwait(false);
                if (claimed.Count == 0) return;
                ClusterLog.TakenOver(host.Logger, claimed.Count);
                await Parallel.ForEachAsync(claimed, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = host.Stopping }, (header, _) => ResumeAsync(header)).ConfigureAwait(false);
                if (claimed.Count < Page) return;
            }
        }
        catch (Exception error) when (!host.Stopping.IsCancellationRequested)
        {
            // The next sweep tries again.
            ClusterLog.TakeOverFailed(host.Logger, error);
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
        finally
        {
            _running.Release();
        }
    }

    private async ValueTask ResumeAsync(WorkflowHeader header)
    {
        // Here, unless a caller has brought it to life elsewhere in the meantime, where it is claimed once more.
        RequestContext.Set(IPlacementDirector.PlacementHintKey, local);
        await grains.GetGrain<IWorkflowGrain>(header.Id.Value).ResumeAsync().ConfigureAwait(false);
    }
}
