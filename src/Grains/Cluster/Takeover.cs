using System.Diagnostics.CodeAnalysis;
using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Grains;

/// <summary>Takes over workflows that no live silo owns (D7).</summary>
/// <remarks>
/// Thread-safe. One run at a time; all survivors run at once, and each workflow goes to one of them. A claimed workflow is taken up
/// here, whatever fails on the way: nobody else looks for it once it has a live owner.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle: nothing to dispose of.")]
internal sealed class Takeover(HostContext host, WorkflowOwner workflows, SiloAddress local, IClusterMembershipService members, IGrainFactory grains)
{
    private const int Page = 200;

    /// <summary>So often a workflow's grain is asked to take it up, before that is done without it.</summary>
    private const int MaxAsks = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim _running = new(1, 1);

    // Whether a claim may have been made whose answer was lost. Guarded by _running.
    private bool _mayHaveClaimed;

    public async Task RunAsync()
    {
        await _running.WaitAsync(host.Stopping).ConfigureAwait(false);
        try
        {
            // Not as it was when this was asked for: a silo that has joined since must not lose what it owns.
            await members.Refresh(default, host.Stopping).ConfigureAwait(false);
            string[] live = [.. members.CurrentSnapshot.Members.Values.Where(Membership.IsLive).Select(member => member.SiloAddress.ToParsableString())];
            if (_mayHaveClaimed) await TakeUpOwnAsync().ConfigureAwait(false);
            while (!host.Stopping.IsCancellationRequested)
            {
                _mayHaveClaimed = true;
                IReadOnlyList<WorkflowHeader> claimed = await host.Journal.ClaimAbandonedAsync(live, host.OwnerName, Page, host.Stopping).ConfigureAwait(false);
                if (claimed.Count > 0) ClusterLog.TakenOver(host.Logger, claimed.Count);
                await ResumeAsync(claimed).ConfigureAwait(false);
                _mayHaveClaimed = false;
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

    /// <summary>Of a claim whose answer was lost the journal tells: what this silo owns and does not run.</summary>
    private async Task TakeUpOwnAsync()
    {
        List<WorkflowHeader> own = [];
        await foreach (WorkflowHeader header in host.Journal.ListAsync(WorkflowStatus.Running, host.Stopping).ConfigureAwait(false))
        {
            if (header.Owner == host.OwnerName && !workflows.IsAway(header.Id) && !(workflows.Find(header.Id)?.Epoch >= header.Epoch)) own.Add(header);
        }

        await ResumeAsync(own).ConfigureAwait(false);
    }

    private Task ResumeAsync(IReadOnlyList<WorkflowHeader> claimed) =>
        Parallel.ForEachAsync(claimed, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = host.Stopping }, (header, _) => new ValueTask(ResumeAsync(header)));

    /// <summary>Has a workflow of this silo's taken up in its place: here, unless a caller has brought that to life elsewhere. One that only waits is left where it is.</summary>
    public async Task ResumeAsync(WorkflowHeader header)
    {
        // Nobody has to know its place before somebody asks for it, or its time has come.
        if (workflows.TryLeaveAway(header)) return;
        for (int i = 0; i < MaxAsks; i++)
        {
            try
            {
                // Here, unless a caller has brought it to life elsewhere in the meantime, where it is claimed once more.
                RequestContext.Set(IPlacementDirector.PlacementHintKey, local);
                await grains.GetGrain<IWorkflowGrain>(header.Id.Value).ResumeAsync().ConfigureAwait(false);
                return;
            }
            catch (Exception error) when (!host.Stopping.IsCancellationRequested)
            {
                ClusterLog.ResumeFailed(host.Logger, header.Id.Value, error);
            }

            await Task.Delay(Pause, TimeProvider.System, host.Stopping).ConfigureAwait(false);
        }

        // It runs as well without its grain, which finds it here or claims it once a caller asks for it. Not awaited: an actor of an epoch
        // before may take its time to go, and others wait to be taken over.
        if (await host.Journal.FindAsync(header.Id, host.Stopping).ConfigureAwait(false) is { Status: WorkflowStatus.Running } now && now.Owner == host.OwnerName) host.Run(() => workflows.OwnAsync(now, host.Stopping));
    }
}
