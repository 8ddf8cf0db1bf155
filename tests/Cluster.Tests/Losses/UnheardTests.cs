using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Grains;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Losses;

/// <summary>D5: what an owner has not heard of and the journal tells it.</summary>
public sealed class UnheardTests
{
    [Fact]
    [Trait("Rule", "D5")]
    public async Task End_TheAnswerToItsCommitIsLost_SitesForgetTheWorkflow()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2, Journal = new ForgetfulJournal(new MemoryJournal()) });
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(6));
        cluster.Field.Open("open");
        Assert.Equal(15, await cluster.ResultAsync(id));
        await cluster.ForgottenAsync();
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Claim_TheAnswerIsLost_TheSiloTakesUpWhatItOwnsWithoutAnybodyWhoAsks()
    {
        ForgetfulJournal journal = new(new MemoryJournal());
        await using FieldCluster cluster = await FieldCluster.StartAsync(new Wanted { Silos = 2, Journal = journal, SweepPeriod = TimeSpan.FromSeconds(1) });
        // Not the one silo that looks for what nobody owns.
        InProcessSiloHandle claimer = cluster.Silos.MaxBy(silo => silo.SiloAddress)!;
        WorkflowId id = await cluster.SowAsync(cluster.Silos.MinBy(silo => silo.SiloAddress)!, new Rows(2));
        await cluster.Field.StartedAsync(2);
        journal.ForgetsClaims = true;
        await Assert.ThrowsAnyAsync<DbException>(() => claimer.SiloHost.Services.GetRequiredService<ClusterHost>().Workflows.TakeUpAsync(id, CancellationToken.None));
        journal.ForgetsClaims = false;
        cluster.Field.Open("open");
        await cluster.HeaderAsync(id, header => header.Status == WorkflowStatus.Succeeded);
        await cluster.ForgottenAsync();
    }
}
