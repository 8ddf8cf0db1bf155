using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Leases;

/// <summary>C5: what runs for an owner that is not heard of any more is let go of.</summary>
public sealed class LeaseTests
{
    /// <summary>It counts by the machine's clock: where everything stands still for so long, children are let go of that nobody has cut off.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Lease_TheOwnerIsCutOff_ChildrenAreSignalledAndDeliveredAgainOnceItIsBack()
    {
        bool isCut = false;
        string cutOff = "";
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted
        {
            Silos = 2,
            Lease = Lease,
            HasRare = number => number == 1,
            Silo = silo => silo.Break((key, method) => Volatile.Read(ref isCut) && key == cutOff && method == "DeliverAsync"),
        });
        InProcessSiloHandle owner = cluster.Silos.Single(silo => !cluster.HasRare(silo));
        InProcessSiloHandle site = cluster.Silos.Single(cluster.HasRare);
        cutOff = site.SiloAddress.ToParsableString();
        WorkflowId id = await cluster.SowAsync(owner, new Rows(10, "rare"));
        await cluster.Field.StartedAsync(10);
        Volatile.Write(ref isCut, true);
        await cluster.Field.SignalledAsync(10);
        await cluster.Field.NoneRunsAsync();
        // Nothing is known of it here: the owner still waits for the first deliveries.
        Assert.Equal(10, cluster.Field.Starts.Count);
        await cluster.NothingRunsAsync();
        Volatile.Write(ref isCut, false);
        IReadOnlyList<Started> again = await cluster.Field.StartedAsync(start => start.Delivery == 2, 10);
        Assert.Empty(await cluster.Cluster.AuditAsync());
        cluster.Field.Open("open");
        Assert.Equal(45, await cluster.ResultAsync(id));
        Assert.Equal(10, again.Count);
        Assert.Equal(20, cluster.Field.Starts.Count);
        Assert.Equal(10, (await cluster.EventsAsync(id)).Count(seen => seen is { Kind: WorkflowEventKind.ChildEnded, Path.Count: 2 }));
    }

    [Fact]
    [Trait("Rule", "C5")]
    public async Task Lease_AChildIgnoresItsSignal_TheAuditShowsItAndItsOutcomeIsLate()
    {
        bool isCut = false;
        string cutOff = "";
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted
        {
            Silos = 2,
            Lease = Lease,
            HasRare = number => number == 1,
            Silo = silo => silo.Break((key, method) => Volatile.Read(ref isCut) && key == cutOff && method == "DeliverAsync"),
        });
        InProcessSiloHandle owner = cluster.Silos.Single(silo => !cluster.HasRare(silo));
        cutOff = cluster.Silos.Single(cluster.HasRare).SiloAddress.ToParsableString();
        // "stubborn" runs on both: one row is on the site that is cut off.
        WorkflowId id = await cluster.SowAsync(owner, new Rows(2, "stubborn"));
        IReadOnlyList<Started> first = await cluster.Field.StartedAsync(2);
        Started victim = first.Single(start => start.Silo != cluster.NameOf(owner));
        Volatile.Write(ref isCut, true);
        await cluster.Field.SignalledAsync(1);
        RunningChild orphan = Assert.Single(await cluster.Cluster.GetRunningAsync(), child => !child.IsOwned);
        Assert.Equal(victim.Silo, orphan.Silo);
        Volatile.Write(ref isCut, false);
        await cluster.Field.StartedAsync(start => start.Delivery == 2);
        Assert.Equal(orphan, Assert.Single(await cluster.Cluster.AuditAsync()));
        cluster.Field.Open("open");
        Assert.Equal(1, await cluster.ResultAsync(id));
        await cluster.Field.NoneRunsAsync();
        Assert.Equal(2, (await cluster.EventsAsync(id)).Count(seen => seen is { Kind: WorkflowEventKind.ChildEnded, Path.Count: 2 }));
        Assert.Equal(3, cluster.Field.Starts.Count);
        await cluster.NothingRunsAsync();
    }
}
