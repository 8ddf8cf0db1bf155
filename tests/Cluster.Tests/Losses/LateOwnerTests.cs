using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Engine;
using Sheaf.Grains;
using Sheaf.Hosting;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>
/// D5, D8: an owner is held up between its commit and its sending, and somebody else has the workflow when its message comes to a site that has
/// never heard of it. What comes of that has no effect, and its end does not have to be told for ever.
/// </summary>
public sealed class LateOwnerTests
{
    [Theory]
    [Trait("Rule", "D8")]
    [InlineData("hold")]
    [InlineData("parent")]
    public async Task Deliver_OfAWorkflowThatHasEnded_TheSiteEndsAndForgetsIt(string worker)
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2 });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(0), Run.Workflow<SowAndWait>());
        Assert.True(await cluster.Client.SignalAsync(id, "sun", 1));
        Assert.Equal(0, await cluster.ResultAsync(id));
        // One that is on its way out would take the end of the late child for its own.
        await cluster.LetGoAsync(id);
        cluster.Field.Open("open");
        SendLate(cluster.Silos[0], cluster.Silos[1], id, worker);
        await cluster.Field.StartedAsync(1);
        await cluster.Field.NoneRunsAsync();
        await cluster.ForgottenAsync();
    }

    [Fact]
    [Trait("Rule", "D8")]
    public async Task Deliver_OfAWorkflowThatAnotherSiloOwns_ItsEndIsToldToThatOne()
    {
        ConcurrentBag<string> told = [];
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted
        {
            Silo = silo => silo.AddOutgoingGrainCallFilter(async call =>
            {
                await call.Invoke();
                if (call.MethodName == "OutcomesAsync") told.Add(call.TargetId.Key.ToString()!);
            }),
        });
        InProcessSiloHandle earlier = cluster.Silos[0], owner = cluster.Silos[1], site = cluster.Silos[2];
        WorkflowId id = await cluster.SowAsync(earlier, new Rows(0), Run.Workflow<SowAndWait>());
        WorkflowActor lost = HostOf(earlier).Workflows.Find(id)!;
        Assert.NotNull(await HostOf(owner).Workflows.TakeUpAsync(id, CancellationToken.None));
        await cluster.Field.GuardAsync(lost.WhenLetGo, "the actor of an epoch before");
        // Its loading is over, and its question is with the site: a late delivery that came before that would be dropped by it.
        Assert.False(await HostOf(owner).Workflows.AskAsync(id, new AskRetry(), CancellationToken.None));
        SiteLink link = LinkOf(owner, site);
        long place = link.Send([]);
        await cluster.UntilAsync(() => link.IsConfirmed(place), "the new owner's question to be with the site");
        cluster.Field.Open("open");
        SendLate(earlier, site, id, "hold");
        await cluster.UntilAsync(() => told.Contains(owner.SiloAddress.ToParsableString()), "the owner to be told of the end");
        Assert.Empty(await cluster.Cluster.GetRunningAsync());
        Assert.True(await cluster.Client.SignalAsync(id, "sun", 1));
        Assert.Equal(0, await cluster.ResultAsync(id));
        await cluster.EventsAsync(id);
        await cluster.ForgottenAsync();
    }

    private static ClusterHost HostOf(InProcessSiloHandle silo) => silo.SiloHost.Services.GetRequiredService<ClusterHost>();

    private static SiteLink LinkOf(InProcessSiloHandle owner, InProcessSiloHandle site) =>
        HostOf(owner).Links.All.Single(link => link.Silo == site.SiloAddress.ToParsableString());

    private static void SendLate(InProcessSiloHandle earlier, InProcessSiloHandle site, WorkflowId id, string worker)
    {
        ClusterHost host = HostOf(earlier);
        SiteLink link = LinkOf(earlier, site);
        DispatchWorker dispatch = new(new ChildId(1, 0), 1, 1, "late", worker, host.Context.Payloads.Write(new Work("open", 7), "input of", "late"), null, null);
        link.Send([new SiteItem(id, 1, new Deliver(dispatch))]);
    }
}
