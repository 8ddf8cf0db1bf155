using System.Globalization;
using Sheaf.PostgreSql;
using Sheaf.Processes;

namespace Sheaf.Client.Tests;

/// <summary>The agent on three silo processes, of which one is lost in the middle of the answer.</summary>
public sealed class AgentFaultTests(PostgreSqlFixture postgres)
{
    private const string Question = "search for crash recovery and calculate 10/4";
    private const string Lost = "tools/heartbeat: its delivery was lost; it is delivered again.";

    /// <summary>How long the workflow is held open with its tools' answers in the journal, in seconds: longer than the test needs to see that.</summary>
    private const int Linger = 30;

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "D7")]
    public async Task Kill_TheOwnerOfAnAnswer_AnotherSiloGoesOn_ToolsAreNotAskedAgain_AndTheClientSaysSo()
    {
        await using Silos silos = await Silos.StartAsync(postgres.Server);
        await using ProgramProcess undisturbed = await silos.RunAsync("agent", Question);
        Assert.True(await undisturbed.ExitAsync() == 0, undisturbed.All);
        string linger = silos.Seconds(Linger).ToString(CultureInfo.InvariantCulture);
        await using ProgramProcess client = silos.Start("agent", Question, "--id", "asked", "--linger", linger);
        await using var journal = new JournalTables(silos.Database);
        await Poll.UntilAsync(async () => await journal.FindAsync("asked") is not null && (await journal.LeavesAsync("asked")).Succeeded == 2, Silos.Guard, () => client.All);
        (string name, SiloProcess owner) = silos.At((await journal.WorkflowAsync("asked")).Owner!);
        // Children alone run at home.
        Assert.Equal(new Dictionary<string, int> { [name] = 1 }, await silos.RunningAsync("asked", children: 1));
        await owner.KillAsync();
        Assert.True((await journal.WorkflowAsync("asked")).IsRunning);

        // The one that waited: nothing of the answer is missing.
        Assert.True(await client.ExitAsync() == 0, client.All);
        Assert.Equal(Answer(undisturbed), Answer(client));
        Assert.Contains("10/4 = 2.5", client.Output);
        Assert.Contains(Lost, client.Error, StringComparison.Ordinal);
        LeafCounts leaves = await journal.LeavesAsync("asked");
        Assert.Equal(new LeafCounts(Started: 3, WithoutEnd: 0, EndedAgain: 0, Succeeded: 2, Failed: 0, Lost: 1, MostLost: 1), leaves);

        // One that asks again gets the same, and no tool is.
        await using ProgramProcess again = await silos.RunAsync("agent", Question, "--id", "asked", "--linger", linger);
        Assert.True(await again.ExitAsync() == 0, again.All);
        Assert.Equal(Answer(undisturbed), Answer(again));
        Assert.Contains("Workflow 'asked' has ended already (Succeeded); its tools are not asked again.", again.Error, StringComparison.Ordinal);
        Assert.Contains(Lost, again.Error, StringComparison.Ordinal);
        Assert.Equal(leaves, await journal.LeavesAsync("asked"));

        await using ProgramProcess show = await silos.RunAsync("show", "asked");
        foreach (string tool in (string[])["search: succeeded", "calculator: succeeded"])
            Assert.Contains(show.Output, line => line.Contains(tool, StringComparison.Ordinal) && line.Contains($"silo {name}, attempt 1, delivery 1", StringComparison.Ordinal));
        Assert.Contains(show.Output, line => line.Contains("heartbeat: cancelled", StringComparison.Ordinal)
            && line.Contains("attempt 1, delivery 2", StringComparison.Ordinal) && !line.Contains($"silo {name},", StringComparison.Ordinal));
        await using ProgramProcess audit = await silos.RunAsync("audit", "--running");
        Assert.Equal(["0 orphans"], audit.Output);
    }

    /// <summary>What is not of the tools' states, which have times.</summary>
    private static IEnumerable<string> Answer(ProgramProcess program) => program.Output.Where(line => line is not ['[', ..]);
}
