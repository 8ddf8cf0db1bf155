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

    /// <summary>Takes up what this silo has, and takes over what nobody has.</summary>
    public Task RunAsync() => OneAtATimeAsync(async () =>
    {
        // Before: of a claim whose answer was lost the journal tells.
        await ResumeOwnAsync().ConfigureAwait(false);
        // Not as it was when this was asked for: a silo that has joined since must not lose what it owns.
        await members.Refresh(default, host.Stopping).ConfigureAwait(false);
        string[] live = [.. members.CurrentSnapshot.Members.Values.Where(Membership.IsLive).Select(member => member.SiloAddress.ToParsableString())];
        while (!host.Stopping.IsCancellationRequested)
        {
            IReadOnlyList<WorkflowHeader> claimed = await host.Journal.ClaimAbandonedAsync(live, host.OwnerName, Page, host.Stopping).ConfigureAwait(false);
            if (claimed.Count > 0) ClusterLog.TakenOver(host.Logger, claimed.Count);
            await ResumeAsync(claimed).ConfigureAwait(false);
            if (claimed.Count < Page) return;
        }
    });

    /// <summary>Takes up what this silo owns and does not run: it lives, so nobody else does.</summary>
    public Task TakeUpOwnAsync() => OneAtATimeAsync(ResumeOwnAsync);

    private async Task OneAtATimeAsync(Func<Task> run)
    {
        await _running.WaitAsync(host.Stopping).ConfigureAwait(false);
        try
        {
            await run().ConfigureAwait(false);
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

    private async Task ResumeOwnAsync()
    {
        // What waits for longer is looked for when its time has come; who asks something of it before finds it in the journal.
        IReadOnlyList<WorkflowHeader> own = await workflows.FindUnrunAsync(host.Time.GetUtcNow(), host.Stopping).ConfigureAwait(false);
        if (own.Count > 0) ClusterLog.TakenUp(host.Logger, own.Count);
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
