using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Clients;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Conformance;
using Sheaf.Engine;
using Sheaf.Grains;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>D7: workflows that have left memory when their silo goes.</summary>
public sealed class AwayTests
{
    private static readonly TimeSpan Idle = SheafOptions.DefaultIdleTimeout;
    private readonly StageTime _time = new();

    [Theory]
    [Trait("Rule", "D7")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task End_OfTheOwnersSilo_ASurvivorWakesItAtItsInstant(bool isKilled)
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Time = _time });
        InProcessSiloHandle owner = cluster.Silos[1];
        WorkflowId id = await LeaveAsync(cluster, owner);
        await (isKilled ? cluster.KillAsync(owner) : cluster.StopAsync(owner));
        // The second that has it in view.
        await cluster.Field.GuardAsync(_time.TimerStarted(LieFallow.Time - Idle, 2), "a survivor that has it in view");
        Assert.Equal(0, cluster.Silos.Sum(silo => OwnerOf(silo).InMemory));
        InProcessSiloHandle next = await cluster.OwnerAsync(id);
        Assert.True(OwnerOf(next).IsAway(id));
        cluster.Field.Open("open");
        _time.Advance(LieFallow.Time - Idle);
        await cluster.Field.StartedAsync(3);
        Assert.Equal(3, await cluster.ResultAsync(id));
        await cluster.EventsAsync(id);
        await cluster.ForgottenAsync();
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Signal_ThroughASurvivor_FindsOneWhoseOwnerIsGone()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Time = _time });
        InProcessSiloHandle owner = cluster.Silos[2];
        WorkflowId id = await LeaveAsync(cluster, owner);
        await cluster.KillAsync(owner);
        // At once: whether the takeover has come to it or not.
        Assert.True(await cluster.Field.GuardAsync(cluster.Client.CancelAsync(id, "enough"), "the cancellation"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.ResultAsync(id));
    }

    [Fact]
    [Trait("Rule", "D8")]
    public async Task Outcome_ForOneThatIsAway_IsAcknowledgedAndForAStrangerNot()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 1, Time = _time });
        WorkflowId id = await LeaveAsync(cluster, cluster.Silos[0]);
        ClusterHost host = cluster.Silos[0].SiloHost.Services.GetRequiredService<ClusterHost>();
        LeafEnded ended = new(new ChildId(0, 0), 1, 1, Result.Succeeded("1"), _time.GetUtcNow());
        Assert.Equal([1], (await host.OnOutcomesAsync([(id, ended), ("stranger", ended)])).NotHere);
        Assert.True(host.Workflows.IsAway(id));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Leaving_OfOneWhoseChildrenHaveEnded_LeavesNothingOfItOnTheSites()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Time = _time });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(6), Run.Workflow<SowAndWait>());
        await cluster.Field.StartedAsync(6);
        await cluster.Field.GuardAsync(_time.TimerStarted(Idle), "its rest");
        WorkflowActor actor = OwnerOf(cluster.Silos[0]).Find(id)!;
        cluster.Field.Open("open");
        await cluster.RowsAsync(id, rows => rows.All(row => row.Status == "Ended"));
        Assert.All(cluster.Silos, silo => Assert.Equal(1, silo.SiloHost.Services.GetRequiredService<ClusterHost>().Site.WorkflowCount));
        _time.Advance(Idle);
        await cluster.Field.GuardAsync(actor.WhenLetGo, "its leaving");
        Assert.True(OwnerOf(cluster.Silos[0]).IsAway(id));
        await cluster.ForgottenAsync();
        Assert.True(await cluster.Client.SignalAsync(id, "sun", 1));
        Assert.Equal(15, await cluster.ResultAsync(id));
        await cluster.EventsAsync(id);
        await cluster.ForgottenAsync();
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Wait_ThatBringsOneBack_KeepsItsPlaceWhileItRuns()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Time = _time, Journal = new AbsentJournal(new MemoryJournal()) });
        WorkflowId id = await LeaveAsync(cluster, cluster.Silos[1]);
        IWorkflowGrain place = cluster.Orleans.Client.GetGrain<IWorkflowGrain>(id.Value);
        using WorkflowActor.Hold held = await cluster.Field.GuardAsync(BringBackAsync(), "its coming back");
        _time.Advance(LieFallow.Time);
        await cluster.Field.StartedAsync(3);
        IManagementGrain management = cluster.Orleans.Client.GetGrain<IManagementGrain>(0);
        await management.ForceActivationCollection([.. cluster.Silos.Select(silo => silo.SiloAddress)], TimeSpan.Zero);
        Assert.Equal(cluster.Silos[1].SiloAddress, await management.GetActivationAddress(place));
        cluster.Field.Open("open");
        Assert.Equal(3, await cluster.ResultAsync(id));

        async Task<WorkflowActor.Hold> BringBackAsync()
        {
            while (true)
            {
                // It is here again before that time is over, and nobody waits for it after. On a busy machine it may take one more.
                Assert.Null(await place.EndAsync(TimeSpan.FromSeconds(3)));
                if (OwnerOf(cluster.Silos[1]).Find(id)?.TryHold() is { } hold) return hold;
            }
        }
    }

    private static WorkflowOwner OwnerOf(InProcessSiloHandle silo) => silo.SiloHost.Services.GetRequiredService<ClusterHost>().Workflows;

    /// <summary>Starts a workflow on a silo, and lets it wait until it has left memory.</summary>
    private async Task<WorkflowId> LeaveAsync(FieldCluster cluster, InProcessSiloHandle silo)
    {
        WorkflowId id = await cluster.SowAsync(silo, new Rows(3), Run.Workflow<LieFallow>());
        await cluster.Field.GuardAsync(_time.TimerStarted(Idle), "its rest");
        WorkflowActor actor = OwnerOf(silo).Find(id)!;
        _time.Advance(Idle);
        await cluster.Field.GuardAsync(actor.WhenLetGo, "its leaving");
        Assert.True(OwnerOf(silo).IsAway(id));
        return id;
    }
}
