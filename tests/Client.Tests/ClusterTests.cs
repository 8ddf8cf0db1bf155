using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using Sheaf.PostgreSql;
using Sheaf.Processes;

namespace Sheaf.Client.Tests;

/// <summary>The client against three silo processes on a real PostgreSQL, all as their users run them.</summary>
public sealed class ClusterTests(PostgreSqlFixture postgres, SharedSilos shared)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    [Trait("Rule", "R3")]
    [Trait("Rule", "E4")]
    public async Task FanOut_ThreeOfThousandFail_TreeOfThreeWithOrigins_AndAllSilosTookPart()
    {
        Silos silos = await shared.GetAsync(postgres);
        await using ProgramProcess client = silos.Start("fan-out", "--children", "1000", "--fail", "3");
        Assert.True(await client.ExitAsync() == 3, client.All);
        IReadOnlyList<string> lines = client.Output;
        Assert.Contains("1000 children: 997 succeeded, 3 failed", lines);
        Assert.Equal(3, lines.Count(line => Matches(line, @"^  silo-[123] ran \d+$")));
        int[] leaves = [.. Enumerable.Range(0, lines.Count).Where(i => Matches(lines[i], "^[├└]─ "))];
        Assert.Equal(["work-1000", "work-334", "work-667"], leaves.Select(i => lines[i][3..].Split(':')[0]).Order(StringComparer.Ordinal));
        Assert.All(leaves, i => Assert.Matches(@"worker fan-out-work/v1, silo silo-[123], attempt 1, delivery 1, workflow fan-out-", lines[i + 1]));
    }

    [Fact]
    [Trait("Rule", "C2")]
    [Trait("Rule", "C5")]
    public async Task Interrupt_ChildrenThatSleep_AllEndWithinASecond_AndNoneIsLeft()
    {
        Silos silos = await shared.GetAsync(postgres);
        await using ProgramProcess client = silos.Start("fan-out", "--children", "100", "--sleep", silos.Seconds(60).ToString(CultureInfo.InvariantCulture), "--id", "asleep");
        await silos.RunningAsync("asleep", children: 100);
        await client.InterruptAsync();
        Assert.True(await client.ExitAsync() == 130, client.All);
        Assert.Contains("100 children: 100 cancelled", client.Output);
        Assert.Contains(client.Output, line => line.StartsWith("cancelled: cancellation requested by 'client': Ctrl+C at the client on ", StringComparison.Ordinal));
        string ended = Assert.Single(client.Output, line => line.StartsWith("all had ended ", StringComparison.Ordinal));
        Assert.InRange(int.Parse(ended.Split(' ')[3], CultureInfo.InvariantCulture), 0, Math.Max(1000, (int)silos.Pace.TotalMilliseconds / 2));

        await using ProgramProcess audit = await silos.RunAsync("audit", "--running");
        Assert.Equal("0 orphans", audit.Output[^1]);
        Assert.DoesNotContain(audit.Output, line => line.StartsWith("asleep", StringComparison.Ordinal));
        await using ProgramProcess show = await silos.RunAsync("show", "asleep");
        Assert.Contains("asleep: fan-out/v1, Cancelled", show.Output[0], StringComparison.Ordinal);
        Assert.Contains(show.Output, line => line.Contains("… and 90 more cancelled", StringComparison.Ordinal));
    }

    [Theory]
    [Trait("Rule", "C2")]
    [InlineData("fan-out", "--children", "30", "--sleep", "600")]
    [InlineData("agent", "search for tea", "--linger", "600")]
    public async Task Interrupt_WhileTheStartWaitsForTheStore_TheWorkflowIsCancelledAllTheSame(params string[] command)
    {
        Silos silos = await shared.GetAsync(postgres);
        string id = $"interrupted-{command[0]}";
        await using NpgsqlDataSource database = NpgsqlDataSource.Create(silos.Database);
        await using NpgsqlConnection locking = await database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using NpgsqlTransaction transaction = await locking.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var held = new NpgsqlCommand("LOCK TABLE sheaf_workflow IN EXCLUSIVE MODE", locking, transaction))
            await held.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using ProgramProcess client = silos.Start([.. command, "--id", id]);
        await using NpgsqlCommand waiting = database.CreateCommand(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO %sheaf_workflow%'");
        await Poll.UntilAsync(
            async () => (long)(await waiting.ExecuteScalarAsync(TestContext.Current.CancellationToken))! > 0, Silos.Guard, () => client.All);
        await client.InterruptAsync();
        await Poll.UntilAsync(
            () => Task.FromResult(client.Error.Contains($"The start of workflow '{id}' is not answered yet.", StringComparison.Ordinal)), Silos.Guard, () => client.All);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);

        Assert.True(await client.ExitAsync() == 130, client.All);
        await using ProgramProcess show = await silos.RunAsync("show", id);
        Assert.StartsWith($"{id}: ", show.Output[0], StringComparison.Ordinal);
        Assert.Contains(", Cancelled", show.Output[0], StringComparison.Ordinal);
        Assert.Contains(show.Output, line => line.Contains("Ctrl+C at the client on ", StringComparison.Ordinal));
        await using ProgramProcess audit = await silos.RunAsync("audit");
        Assert.Equal("0 orphans", audit.Output[^1]);
    }

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "D8")]
    public async Task Kill_ASiloThatRunsChildren_TheyAreDeliveredAgainElsewhere_AndTheResultIsWhole()
    {
        await using Silos silos = await Silos.StartAsync(postgres.Server);
        await using ProgramProcess client = silos.Start("fan-out", "--children", "60", "--sleep", silos.Seconds(15).ToString(CultureInfo.InvariantCulture), "--id", "bereaved");
        Dictionary<string, int> running = await silos.RunningAsync("bereaved", children: 60);
        Assert.Equal(3, running.Count);
        await silos["silo-2"].KillAsync();
        Assert.True(await client.ExitAsync() == 0, client.All);
        Assert.Contains("60 results, their sum is 1830", client.Output);
        string again = Assert.Single(client.Output, line => line.EndsWith(" delivered more than once, because their silo was lost or stopped", StringComparison.Ordinal));
        Assert.Equal(running[RunningOn(running, silos["silo-2"])], int.Parse(again.Trim().Split(' ')[0], CultureInfo.InvariantCulture));

        await using ProgramProcess show = await silos.RunAsync("show", "bereaved", "--all");
        string[] second = [.. show.Output.Where(line => line.Contains("delivery 2", StringComparison.Ordinal))];
        Assert.NotEmpty(second);
        Assert.All(second, line => Assert.Matches("succeeded, worker fan-out-work/v1, silo silo-[13], attempt 1, delivery 2", line));
    }

    [Fact]
    [Trait("Rule", "E5")]
    [Trait("Rule", "E6")]
    public async Task Failure_OfATypeThatTheClientLacks_ArrivesWithTypeBaseTypesMessageStackAndOrigin()
    {
        Silos silos = await shared.GetAsync(postgres);
        using var folder = new ClientFolder(without: "Sheaf.FanOut.Workers.dll");
        await using ProgramProcess client = silos.StartFrom(folder.Path, "fan-out", "--children", "2", "--fail", "1", "--id", "stranger");
        Assert.True(await client.ExitAsync() == 3, client.All);
        string all = string.Join('\n', client.Output);
        Assert.Contains("└─ work-2: Sheaf.Samples.FanOut.Workers.FaultyPartException: Part 2 is faulty, as it was asked to be.", all, StringComparison.Ordinal);
        Assert.Matches(@"worker fan-out-work/v1, silo silo-[123], attempt 1, delivery 1, workflow stranger", all);
        Assert.Contains("  base types: Sheaf.Samples.FanOut.Workers.FanOutException, System.Exception", all, StringComparison.Ordinal);
        Assert.Contains("  message: Part 2 is faulty, as it was asked to be.", all, StringComparison.Ordinal);
        Assert.Contains("at Sheaf.Samples.FanOut.Workers.SleepingWorker.RunAsync(", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_FromAnotherClient_EndsTheRunWithThatReason()
    {
        Silos silos = await shared.GetAsync(postgres);
        await using ProgramProcess client = silos.Start("fan-out", "--children", "6", "--sleep", silos.Seconds(60).ToString(CultureInfo.InvariantCulture), "--id", "unwanted");
        await silos.RunningAsync("unwanted", children: 6);
        await using ProgramProcess cancel = await silos.RunAsync("cancel", "unwanted", "--reason", "no longer needed");
        Assert.Equal(0, await cancel.ExitAsync());
        Assert.Equal(130, await client.ExitAsync());
        Assert.Contains("cancelled: cancellation requested by 'client': no longer needed", client.Output);

        await using ProgramProcess watch = await silos.RunAsync("watch", "unwanted");
        Assert.Contains("WorkflowEnded  Cancelled", watch.Output[^1], StringComparison.Ordinal);
        await using ProgramProcess list = await silos.RunAsync("list", "--status", "Cancelled");
        Assert.Contains(list.Output, line => line.StartsWith("unwanted  fan-out/v1  Cancelled  ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Terminate_FromAnotherClient_FailsTheRunAndLeavesNoOrphan()
    {
        Silos silos = await shared.GetAsync(postgres);
        await using ProgramProcess client = silos.Start("fan-out", "--children", "6", "--sleep", silos.Seconds(60).ToString(CultureInfo.InvariantCulture), "--id", "hopeless");
        await silos.RunningAsync("hopeless", children: 6);
        await using ProgramProcess terminate = await silos.RunAsync("terminate", "hopeless", "--reason", "nobody mends it");
        Assert.Equal(0, await terminate.ExitAsync());
        Assert.True(await client.ExitAsync() == 3, client.All);
        Assert.Contains(client.Output, line => line.Contains("Sheaf.WorkflowTerminatedException: Workflow 'hopeless' was terminated by 'client': nobody mends it", StringComparison.Ordinal));
        Assert.Contains("Sheaf.WorkflowTerminatedException (of hopeless)", client.Output);

        await using ProgramProcess watch = await silos.RunAsync("watch", "hopeless");
        Assert.Contains("WorkflowEnded  Failed", watch.Output[^1], StringComparison.Ordinal);
        await using ProgramProcess audit = await silos.RunAsync("audit");
        Assert.Equal("0 orphans", audit.Output[^1]);
    }

    private static bool Matches(string line, string pattern) => Regex.IsMatch(line, pattern, RegexOptions.None, Second);

    /// <summary>A silo's key among the addresses, such as <c>127.0.0.1:20001@1543</c>.</summary>
    private static string RunningOn(Dictionary<string, int> running, SiloProcess silo) =>
        running.Keys.Single(address => address.Contains($":{silo.SiloPort}@", StringComparison.Ordinal) || address == "silo-2");
}
