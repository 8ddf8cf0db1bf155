using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Grains;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>D5, D7: a silo that loses a workflow to another one lets go of it, and may come to own it again.</summary>
public sealed class RegainedTests
{
    [Fact]
    [Trait("Rule", "D7")]
    public async Task TakeOver_AWorkflowThatTheSiloHadLostUnawares_GoesOnWithoutAnybodyWhoAsks()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 1 });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(2));
        await cluster.Field.StartedAsync(2);
        ClusterHost host = HostOf(cluster.Silos[0]);
        WorkflowActor lost = host.Workflows.Find(id)!;
        Assert.NotNull(await cluster.Journal.ClaimAsync(id, "another"));
        host.TakeOver();
        await cluster.Field.GuardAsync(lost.WhenLetGo, "the actor of an epoch before");
        cluster.Field.Open("open");
        await cluster.HeaderAsync(id, header => header.Status == WorkflowStatus.Succeeded);
        // What ran here was found here (D8).
        Assert.Equal(2, cluster.Field.Starts.Count);
        await cluster.ForgottenAsync();
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Claim_ByAnotherSilo_TheLoserLetsGoOfAnIdleWorkflow()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2 });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(0), Run.Workflow<SowAndWait>());
        WorkflowActor lost = HostOf(cluster.Silos[0]).Workflows.Find(id)!;
        // As where a grain directory has lost the workflow's place: both silos live.
        ClusterHost winner = HostOf(cluster.Silos[1]);
        Assert.NotNull(await winner.Workflows.TakeUpAsync(id, CancellationToken.None));
        await cluster.Field.GuardAsync(lost.WhenLetGo, "the loser's actor");
        Assert.True(await cluster.Client.SignalAsync(id, "sun", 1));
        Assert.Equal(0, await cluster.ResultAsync(id));
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Claim_OfAStuckWorkflow_TheLoserLetsGo()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2 });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(2), Run.Workflow<Wilt>());
        cluster.Field.Open("first");
        await Assert.ThrowsAsync<WorkflowStuckException>(() => cluster.ResultAsync(id));
        WorkflowActor lost = HostOf(cluster.Silos[0]).Workflows.Find(id)!;
        cluster.Field.IsMended = true;
        Assert.NotNull(await HostOf(cluster.Silos[1]).Workflows.TakeUpAsync(id, CancellationToken.None));
        await cluster.Field.GuardAsync(lost.WhenLetGo, "the loser's actor");
        cluster.Field.Open("second");
        await cluster.HeaderAsync(id, header => header.Status == WorkflowStatus.Succeeded);
    }

    private static ClusterHost HostOf(InProcessSiloHandle silo) => silo.SiloHost.Services.GetRequiredService<ClusterHost>();
}
