using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>D2: one poisonous input cannot kill silo after silo.</summary>
public sealed class PoisonTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "D2")]
    public async Task Kill_EverySiloThatAChildMeets_ItFailsAsLostAfterFiveDeliveries(bool withItsOwner)
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2, HasRare = number => withItsOwner || number > 0 });
        InProcessSiloHandle owner = withItsOwner ? cluster.Silos[0] : cluster.Silos.Single(silo => !cluster.HasRare(silo));
        WorkflowId id = await cluster.SowAsync(owner, new Rows(1, "rare"));
        for (int delivery = 1; delivery <= 5; delivery++)
        {
            int number = delivery;
            Started there = (await cluster.Field.StartedAsync(start => start.Delivery == number))[0];
            InProcessSiloHandle victim = cluster.Named(there.Silo);
            if (withItsOwner) Assert.Equal(victim.SiloAddress, (await cluster.OwnerAsync(id)).SiloAddress);
            await cluster.AddAsync();
            await cluster.KillAsync(victim);
        }

        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => cluster.ResultAsync(id));
        Assert.True(failures.Contains<WorkerLostException>());
        Assert.Equal(5, cluster.Field.Starts.Count);
        Assert.Equal([1L, 2L, 3L, 4L, 5L], cluster.Field.Starts.Select(start => start.Delivery));
        Assert.Single(cluster.Field.Starts.Select(start => start.Key).Distinct());
    }
}
