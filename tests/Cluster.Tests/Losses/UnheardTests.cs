using Sheaf.Cluster.Tests.Running;
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
        cluster.Field.Open("open");
        WorkflowId id = await cluster.SowAsync(cluster.Silos[0], new Rows(6));
        Assert.Equal(15, await cluster.ResultAsync(id));
        await cluster.ForgottenAsync();
    }
}
