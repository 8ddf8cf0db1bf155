using Orleans.Hosting;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Leases;

/// <summary>C5: what the audit takes for an orphan.</summary>
public sealed class AuditTests
{
    [Fact]
    [Trait("Rule", "C5")]
    public async Task Audit_AChildEndsWhileItLooks_ItIsNoOrphan()
    {
        Func<Task>? afterLook = null;
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted
        {
            Silos = 1,
            Silo = silo => silo.AddIncomingGrainCallFilter(async call =>
            {
                await call.Invoke();
                if (call.MethodName == "GetRunningAsync" && Interlocked.Exchange(ref afterLook, null) is { } act) await act();
            }),
        });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(3));
        await cluster.Field.StartedAsync(3);
        Volatile.Write(ref afterLook, async () =>
        {
            cluster.Field.Open("open");
            await cluster.ResultAsync(id);
        });
        Assert.Empty(await cluster.Cluster.AuditAsync());
        Assert.Null(afterLook);
    }
}
