using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>D7, D8: the survivors take workflows over, and children that run elsewhere stay what they are.</summary>
public sealed class LostOwnerTests
{
    [Fact]
    [Trait("Rule", "D8")]
    public async Task Kill_TheOwnersSilo_ChildrenElsewhereAreAttachedNotDeliveredAgain()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        InProcessSiloHandle owner = cluster.Silos[1];
        WorkflowId id = await cluster.SowAsync(owner, new Rows(30));
        IReadOnlyList<Started> first = await cluster.Field.StartedAsync(30);
        int lost = first.Count(start => start.Silo == cluster.NameOf(owner));
        await cluster.KillAsync(owner);
        // Some end while nobody owns the workflow, or just after: kept until somebody does.
        foreach (Started start in first.Where(start => start.Silo != cluster.NameOf(owner)).Take(5)) cluster.Field.Open("open", start.Number);
        await cluster.Field.StartedAsync(30 + lost);
        cluster.Field.Open("open");
        Assert.Equal(30 * 29 / 2, await cluster.ResultAsync(id));
        Assert.All(cluster.Field.Starts.Skip(30), start => Assert.Equal(2, start.Delivery));
        Assert.Equal(30 + lost, cluster.Field.Starts.Count);
        Assert.Equal(lost, (await cluster.EventsAsync(id)).Count(seen => seen.Kind == WorkflowEventKind.DeliveryLost));
        Assert.Empty(await cluster.Cluster.AuditAsync());
    }

    [Fact]
    [Trait("Rule", "D8")]
    public async Task Move_AWorkflow_WhenNothingRuns_SitesForgetItWithItsEnd()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        InProcessSiloHandle owner = cluster.Silos[0];
        cluster.Field.Open("first");
        // All its workers have ended, on several silos, when a new owner comes, which has nothing to ask them for.
        WorkflowId id = await cluster.SowAsync(owner, new Rows(12, Gate: "first"), Run.Workflow<SowAndWait>());
        await cluster.Field.NoneRunsAsync();
        await cluster.Field.GuardAsync(UntilAsync(cluster, id), "the wait of the workflow");
        // The first owner finds out and gives way; it lives, so that its lease does not end what it left.
        Assert.NotNull(await cluster.Journal.ClaimAsync(id, "another"));
        Assert.True(await cluster.Client.SignalAsync(id, "sun", 1));
        Assert.Equal(66, await cluster.ResultAsync(id));
        await cluster.ForgottenAsync();
    }

    [Fact]
    [Trait("Rule", "D8")]
    public async Task Stuck_AWorkflowsOutcomeWaitsAtASite_OutcomesOfOthersPass()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2, HasRare = number => number == 1 });
        InProcessSiloHandle owner = cluster.Silos.Single(silo => !cluster.HasRare(silo));
        WorkflowId stuck = await cluster.SowAsync(owner, new Rows(2, "rare"), Run.Workflow<Wilt>());
        await cluster.Field.StartedAsync(2);
        cluster.Field.Open("first");
        await Assert.ThrowsAsync<WorkflowStuckException>(() => cluster.ResultAsync(stuck));
        cluster.Field.Open("second");
        await cluster.Field.NoneRunsAsync();
        WorkflowId other = await cluster.SowAsync(owner, new Rows(3, "rare"));
        cluster.Field.Open("open");
        Assert.Equal(3, await cluster.ResultAsync(other));
        cluster.Field.IsMended = true;
        Assert.True(await cluster.Client.RetryAsync(stuck));
        Assert.Equal(1, await cluster.ResultAsync(stuck));
    }

    private static async Task UntilAsync(FieldCluster cluster, WorkflowId id)
    {
        int ended = 0;
        await foreach (WorkflowEvent seen in cluster.Client.WatchAsync(id))
        {
            if (seen is { Kind: WorkflowEventKind.ChildEnded, Path.Count: 2 } && ++ended == 12) return;
        }
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Kill_TheOwner_AndGrainsCannotBeAsked_EveryClaimedWorkflowIsTakenUpAllTheSame()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silo = silo => silo.Break((_, method) => method == "ResumeAsync") });
        InProcessSiloHandle owner = cluster.Silos[0];
        List<WorkflowId> ids = [];
        for (int i = 0; i < 5; i++) ids.Add(await cluster.SowAsync(owner, new Rows(1)));
        // A child alone runs at home: its silo's loss is its own.
        await cluster.Field.StartedAsync(5);
        await cluster.KillAsync(owner);
        // Without a client that asks for it.
        await cluster.Field.StartedAsync(start => start.Delivery == 2, 5);
        cluster.Field.Open("open");
        foreach (WorkflowId id in ids) Assert.Equal(0, await cluster.ResultAsync(id));
    }

    [Fact]
    [Trait("Rule", "D8")]
    public async Task Kill_TheOwner_WhileChildrenOfItAreCancelled_AllEndAndNoneIsOrphaned()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        InProcessSiloHandle owner = cluster.Silos[0];
        WorkflowId id = await cluster.SowAsync(owner, new Rows(30, "stubborn"));
        await cluster.Field.StartedAsync(30);
        Assert.True(await cluster.Client.CancelAsync(id, "too late for sowing"));
        await cluster.Field.SignalledAsync(30);
        await cluster.KillAsync(owner);
        cluster.Field.Open("open");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.ResultAsync(id));
        await cluster.Field.NoneRunsAsync();
        Assert.Equal(30, cluster.Field.Starts.Count);
        await cluster.EventsAsync(id);
        Assert.Empty(await cluster.Cluster.GetRunningAsync());
    }

    [Fact]
    [Trait("Rule", "D8")]
    public async Task Kill_TheOwner_DuringAFanOutOfTwoThousand_EachChildEndsOnce()
    {
        const int Count = 2000;
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        InProcessSiloHandle owner = cluster.Silos[2];
        // All but the last end as they are dispatched; that one keeps the workflow until its owner is killed.
        for (int i = 0; i < Count - 1; i++) cluster.Field.Open("open", i);
        WorkflowId id = await cluster.SowAsync(owner, new Rows(Count));
        await cluster.Field.StartedAsync(200);
        await cluster.KillAsync(owner);
        cluster.Field.Open("open");
        Assert.Equal(Count * (Count - 1) / 2, await cluster.ResultAsync(id));
        Assert.Equal(Count, (await cluster.EventsAsync(id)).Count(seen => seen is { Kind: WorkflowEventKind.ChildEnded, Path.Count: 2 }));
        Assert.Empty(await cluster.Cluster.GetRunningAsync());
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Kill_TheOwner_WhileAWorkerAsksForASibling_ItIsStartedOnce()
    {
        // The worker runs where its workflow is not.
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        InProcessSiloHandle owner = cluster.Silos[0];
        WorkflowId id = await cluster.SowAsync(owner, new Rows(12, "parent"));
        IReadOnlyList<Started> first = await cluster.Field.StartedAsync(12);
        Task kill = cluster.KillAsync(owner);
        Started[] elsewhere = [.. first.Where(start => start.Silo != cluster.NameOf(owner))];
        foreach (Started start in elsewhere) cluster.Field.Open("open", start.Number);
        await kill;
        cluster.Field.Open("open");
        cluster.Field.Open("spawned");
        Assert.Equal(12 * 11 / 2, await cluster.ResultAsync(id));
        Assert.All(elsewhere, start => Assert.Single(cluster.Field.Starts, again => again.Number == start.Number));
        Assert.All(first, start => Assert.InRange(cluster.Field.Starts.Count(again => again.Number == 1000 + start.Number), 1, 2));
        await cluster.EventsAsync(id);
    }
}
