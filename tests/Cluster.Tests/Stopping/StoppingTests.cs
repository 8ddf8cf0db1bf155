using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;

namespace Sheaf.Cluster.Tests.Stopping;

/// <summary>D7: a silo that stops in order hands over what it has, and nothing of it counts as lost.</summary>
public sealed class StoppingTests
{
    [Fact]
    [Trait("Rule", "D7")]
    public async Task Stop_ASiteSixTimes_ItsChildrenAreDeliveredAgainAndNotLost()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2, HasRare = number => number > 0 });
        InProcessSiloHandle owner = cluster.Silos.Single(silo => !cluster.HasRare(silo));
        WorkflowId id = await cluster.SowAsync(owner, new Rows(2, "rare"));
        for (int delivery = 1; delivery <= 6; delivery++)
        {
            int number = delivery;
            IReadOnlyList<Started> there = await cluster.Field.StartedAsync(start => start.Delivery == number, 2);
            InProcessSiloHandle next = await cluster.AddAsync();
            await cluster.StopAsync(cluster.Named(there[0].Silo));
            Assert.NotEqual(cluster.NameOf(next), there[0].Silo);
        }

        await cluster.Field.StartedAsync(start => start.Delivery == 7, 2);
        cluster.Field.Open("open");
        Assert.Equal(1, await cluster.ResultAsync(id));
        Assert.Equal(14, cluster.Field.Starts.Count);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Stop_TheOwnerAndSiteSixTimes_ItsChildIsDeliveredAgainAndNotLost()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 1 });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(1));
        // A child alone runs at home.
        for (int delivery = 1; delivery <= 6; delivery++)
        {
            int number = delivery;
            Started there = (await cluster.Field.StartedAsync(start => start.Delivery == number))[0];
            await cluster.AddAsync();
            await cluster.StopAsync(cluster.Named(there.Silo));
        }

        await cluster.Field.StartedAsync(start => start.Delivery == 7);
        cluster.Field.Open("open");
        Assert.Equal(0, await cluster.ResultAsync(id));
        Assert.Equal(7, cluster.Field.Starts.Count);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Stop_TheOwner_ItsWorkflowsGoOnElsewhereAndNoCallFails()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync();
        InProcessSiloHandle owner = cluster.Silos[1];
        List<WorkflowId> ids = [];
        for (int i = 0; i < 5; i++) ids.Add(await cluster.SowAsync(owner, new Rows(9)));
        Task<int>[] results = [.. ids.Select(cluster.ResultAsync)];
        Task<IReadOnlyList<WorkflowEvent>> watched = cluster.EventsAsync(ids[0]);
        await cluster.Field.StartedAsync(45);
        Task stop = cluster.StopAsync(owner);
        List<Task<bool>> asked = [];
        while (!stop.IsCompleted)
        {
            asked.Add(cluster.Client.SignalAsync(ids[0], "sun", asked.Count));
            Assert.True(await cluster.Field.GuardAsync(asked[^1], "the answer to a signal"));
            Assert.NotNull(await cluster.Client.DescribeAsync(ids[1]));
        }

        await stop;
        int here = cluster.Field.Starts.Count(start => start.Silo == cluster.NameOf(owner) && start.Delivery == 1);
        await cluster.Field.StartedAsync(45 + here);
        cluster.Field.Open("open");
        foreach (Task<int> result in results) Assert.Equal(36, await result);
        Assert.Equal(45 + here, cluster.Field.Starts.Count);
        await watched;
        Assert.Empty(await cluster.Cluster.GetRunningAsync());
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Stop_AWorkerIgnoresItsToken_WorkflowsAreNotHeldUpByIt()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { ShutdownTimeout = TimeSpan.FromMinutes(5) });
        InProcessSiloHandle owner = cluster.Silos[0];
        WorkflowId stubborn = await cluster.SowAsync(owner, new Rows(1, "stubborn", Gate: "second"));
        WorkflowId other = await cluster.SowAsync(owner, new Rows(1));
        await cluster.Field.StartedAsync(2);
        Task stop = cluster.StopAsync(owner);
        // Both go on while the silo still waits for the worker.
        await cluster.Field.StartedAsync(start => start.Delivery == 2, 2);
        cluster.Field.Open("open");
        Assert.Equal(0, await cluster.ResultAsync(other));
        Assert.False(stop.IsCompleted);
        cluster.Field.Open("second");
        Assert.Equal(0, await cluster.ResultAsync(stubborn));
        await stop;
    }
}
