using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Places;

/// <summary>A cluster some of whose silos do not have Sheaf: as any into which it is introduced, silo by silo.</summary>
public sealed class StrangerTests
{
    [Fact]
    [Trait("Rule", "D7")]
    [Trait("Rule", "D8")]
    public async Task OwnerIsLost_OneSiloIsWithoutSheaf_TheOtherTakesOverAndListsAndAudits()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { HasSheaf = number => number != 2 });
        InProcessSiloHandle[] with = [.. cluster.Silos.Where(cluster.HasSheaf)];
        Assert.Equal(2, with.Length);
        WorkflowId id = await cluster.SowAsync(with[0], new Rows(6));
        await cluster.Field.StartedAsync(6);
        Assert.Single(await cluster.Field.GuardAsync(cluster.Client.ListAsync().ToListAsync().AsTask(), "the list"), workflow => workflow.Id == id);
        Assert.Empty(await cluster.Field.GuardAsync(cluster.Cluster.AuditAsync(), "the audit"));

        await cluster.KillAsync(with[0]);
        cluster.Field.Open("open");
        Assert.Equal(15, await cluster.ResultAsync(id));
        Assert.Single(await cluster.Field.GuardAsync(cluster.Client.ListAsync().ToListAsync().AsTask(), "the list"), workflow => workflow.Id == id);
    }
}
