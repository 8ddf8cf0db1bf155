using Sheaf.Chaos.Load;
using Sheaf.Processes;

namespace Sheaf.Chaos;

/// <summary>What came of a run.</summary>
/// <param name="Finished">How many workflows have ended.</param>
/// <param name="Struck">How many children lost a delivery, and were delivered again.</param>
/// <param name="Lost">Children without an outcome in the journal that should have one.</param>
/// <param name="Duplicated">Outcomes in the journal that are one too many.</param>
/// <param name="Orphans">Children that run though their group is gone.</param>
/// <param name="Problems">All of these and every wrong result, in words.</param>
internal sealed record Verdict(int Finished, long Struck, long Lost, long Duplicated, int Orphans, IReadOnlyList<string> Problems)
{
    /// <summary>A child that was signalled a moment ago is none.</summary>
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    /// <summary>Judges a load that has ended, or should have.</summary>
    public static async Task<Verdict> OfAsync(Workload load, string database)
    {
        List<string> problems = [];
        foreach (Job job in load.UnderWay) problems.Add($"{job.Id} ({job.What}) has not ended: {await DescribeAsync(load.Workflows, job.Id)}");
        await using var journal = new JournalTables(database);
        long struck = 0;
        long lost = 0;
        long duplicated = 0;
        foreach ((Job job, string? problem) in load.Ended)
        {
            WorkflowRow row = await journal.WorkflowAsync(job.Id.Value);
            LeafCounts leaves = await journal.LeavesAsync(job.Id.Value);
            if (problem is not null) problems.Add($"{job.Id} ({job.What}) ended wrong: {problem}; {leaves}");
            if (row.IsRunning) problems.Add($"{job.Id} ({job.What}) has ended for its client, and runs in the journal.");
            if (job.LostOutcomes(leaves) is > 0 and long without) problems.Add($"{job.Id} ({job.What}) has lost {without} outcomes: {leaves}");
            if (leaves.EndedAgain > 0) problems.Add($"{job.Id} ({job.What}) has {leaves.EndedAgain} outcomes too many: {leaves}");
            struck += leaves.Lost;
            lost += job.LostOutcomes(leaves);
            duplicated += leaves.EndedAgain;
        }

        IReadOnlyList<RunningChild> orphans = await OrphansAsync(load.Cluster);
        problems.AddRange(orphans.Select(orphan => $"orphan: {orphan.WorkflowId} child {orphan.Child} delivery {orphan.Delivery} on {orphan.Silo}"));
        return new Verdict(load.Ended.Count, struck, lost, duplicated, orphans.Count, problems);
    }

    /// <summary>What runs and belongs to nobody; with every workflow ended, whatever runs.</summary>
    private static async Task<IReadOnlyList<RunningChild>> OrphansAsync(ISheafCluster cluster)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            IReadOnlyList<RunningChild> orphans = await cluster.AuditAsync(TestContext.Current.CancellationToken);
            if (orphans.Count == 0 || TimeProvider.System.GetElapsedTime(began) > Guard) return orphans;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<string> DescribeAsync(IWorkflowClient client, WorkflowId id)
    {
        if (await client.DescribeAsync(id, TestContext.Current.CancellationToken) is not { } workflow) return "it is not there";
        var leaves = workflow.Children.SelectMany(child => child.Children.Prepend(child)).GroupBy(child => $"{child.Kind} {child.Status} {child.Outcome}");
        return $"{workflow.Status} {workflow.StuckReason} {workflow.Cause}; {string.Join(", ", leaves.Select(group => $"{group.Count()} {group.Key}"))}";
    }
}
