using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Cancelling;

/// <summary>C2 to C4, over silos.</summary>
public sealed class CancellingTests
{
    [Fact]
    [Trait("Rule", "C2")]
    [Trait("Rule", "C4")]
    public async Task Cancel_ThreeThousandOnThreeSilos_OneWithACallbackThatBlocks_HoldsUpNoOther()
    {
        const int Count = 3000;
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(Count, "blocking"));
        await cluster.Field.StartedAsync(Count);
        Assert.Equal(3, cluster.Field.Starts.Select(start => start.Silo).Distinct().Count());
        Assert.True(await cluster.Client.CancelAsync(id, "frost"));
        // All but the one whose callback blocks.
        await cluster.Field.SignalledAsync(Count - 1);
        await EndedAsync(cluster, id, Count - 1);
        // The answer to a signal takes another way than the ends that came of it: it may be heard of later.
        IReadOnlyList<ChildDescription> rows = await cluster.RowsAsync(id, rows => rows[0].Cancellation == ChildCancellation.Delivered);
        Assert.Equal(Count - 1, rows.Count(row => row.Cancellation == ChildCancellation.Acknowledged));
        cluster.Field.Open("unblock");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.ResultAsync(id));
        Assert.All(await RowsAsync(cluster, id), row => Assert.Equal(ChildCancellation.Acknowledged, row.Cancellation));
        Assert.Equal(Count, cluster.Field.Starts.Count);
        Assert.Empty(await cluster.Cluster.GetRunningAsync());
    }

    [Fact]
    [Trait("Rule", "C4")]
    public async Task Cancel_AChildThatGoesOnToItsEnd_IsIgnored()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 1 });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(1, "stubborn"));
        await cluster.Field.StartedAsync(1);
        Assert.Equal(ChildCancellation.None, (await RowsAsync(cluster, id))[0].Cancellation);
        await cluster.Client.CancelAsync(id);
        await cluster.Field.SignalledAsync(1);
        cluster.Field.Open("open");
        // All had succeeded, so there is a result (R5).
        Assert.Equal(0, await cluster.ResultAsync(id));
        Assert.Equal(ChildCancellation.Ignored, (await RowsAsync(cluster, id))[0].Cancellation);
    }

    [Fact]
    [Trait("Rule", "C2")]
    public async Task Cancel_ChildrenThatWaitForASilo_EndWithoutBeingDelivered()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2, HasRare = _ => false });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(20, "rare"));
        Assert.True(await cluster.Client.CancelAsync(id));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.ResultAsync(id));
        Assert.All(await RowsAsync(cluster, id), row => Assert.Equal(OutcomeKind.Cancelled, row.Outcome));
        Assert.Empty(cluster.Field.Starts);
    }

    [Fact]
    [Trait("Rule", "C3")]
    public async Task Cancel_WhileDispatchesAreOnTheirWay_NoChildIsLeftRunning()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        for (int i = 0; i < 5; i++)
        {
            int before = cluster.Field.Starts.Count;
            WorkflowId id = await cluster.SowAsync(cluster.Silos[i % 3], new Rows(1500));
            await cluster.Field.StartedAsync(before + (i * 100));
            Assert.True(await cluster.Client.CancelAsync(id));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.ResultAsync(id));
            Assert.Empty(await cluster.Cluster.AuditAsync());
            await cluster.Field.NoneRunsAsync();
        }
    }

    private static async Task<IReadOnlyList<ChildDescription>> RowsAsync(FieldCluster cluster, WorkflowId id) => (await cluster.Client.DescribeAsync(id))!.Children[0].Children;

    private static Task EndedAsync(FieldCluster cluster, WorkflowId id, int count)
    {
        return cluster.Field.GuardAsync(WaitAsync(), $"{count} ends");

        async Task WaitAsync()
        {
            await foreach (WorkflowEvent seen in cluster.Client.WatchAsync(id))
            {
                if (seen.Kind == WorkflowEventKind.ChildEnded && --count == 0) return;
            }
        }
    }
}
