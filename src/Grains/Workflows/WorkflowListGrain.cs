using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Grains;

/// <summary>Answers what concerns all workflows, from the journal and from every silo.</summary>
[Reentrant]
[PreferLocalPlacement]
[CollectionAgeLimit(Minutes = 2)]
internal sealed class WorkflowListGrain(ClusterHost host) : Grain, IWorkflowListGrain
{
    public async IAsyncEnumerable<ListedWorkflow> ListAsync(WorkflowStatus? status)
    {
        // Stuck is a state of running workflows that only their owners know.
        HashSet<string> stuck = status is null or WorkflowStatus.Running or WorkflowStatus.Stuck
            ? [.. (await Task.WhenAll(Sites().Select(site => site.GetStuckAsync()))).SelectMany(ids => ids)]
            : [];
        await foreach (WorkflowHeader header in StoreAway.EnumerateAsync(host.Context, host.Context.Journal.ListAsync(status == WorkflowStatus.Stuck ? WorkflowStatus.Running : status)))
        {
            WorkflowStatus actual = stuck.Contains(header.Id.Value) ? WorkflowStatus.Stuck : header.Status;
            if (status is null || actual == status) yield return new ListedWorkflow(header.Id.Value, header.Workflow, actual, header.CreatedAt, header.EndedAt);
        }
    }

    public async Task<IReadOnlyList<RunningChild>> AuditAsync(bool orphansOnly)
    {
        IReadOnlyList<RunningChild> running = await GetRunningAsync();
        if (!orphansOnly) return running;
        List<RunningChild> orphans = [];
        foreach (IGrouping<string, RunningChild> children in running.GroupBy(child => child.WorkflowId))
        {
            // By the journal, not by what the site thinks: it may have missed something.
            WorkflowState state = await StoreAway.AskAsync(host.Context, () => JournalReading.FoldAsync(host.Context.Journal, children.Key, CancellationToken.None));
            HashSet<(string, int)> waitedFor = [.. state.HasEnded ? [] : state.RunningLeaves().Select(leaf => (leaf.Id.ToString(), leaf.Delivery))];
            orphans.AddRange(children.Where(child => !waitedFor.Contains((child.Child, child.Delivery))));
        }

        if (orphans.Count == 0) return [];
        // The journal was read after the sites: what has ended meanwhile is no orphan.
        HashSet<(string, string, string, int)> still = [.. (await GetRunningAsync()).Select(KeyOf)];
        return [.. orphans.Where(orphan => still.Contains(KeyOf(orphan)))];

        static (string, string, string, int) KeyOf(RunningChild child) => (child.Silo, child.WorkflowId, child.Child, child.Delivery);
    }

    public Task<int> GetMaxMessageBytesAsync() => Task.FromResult(host.MessageLimit.MaxMessageBytes);

    public Task<int> PurgeAsync(DateTimeOffset endedBefore, int limit) =>
        StoreAway.AskAsync(host.Context, () => host.Context.Journal.PurgeAsync(endedBefore, limit, CancellationToken.None));

    private async Task<IReadOnlyList<RunningChild>> GetRunningAsync() => [.. (await Task.WhenAll(Sites().Select(site => site.GetRunningAsync()))).SelectMany(children => children)];

    private IEnumerable<ISiteGrain> Sites() => host.Links.All.Select(link => GrainFactory.GetGrain<ISiteGrain>(link.Silo));
}
