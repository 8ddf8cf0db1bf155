using System.Text.Json;
using System.Text.RegularExpressions;
using Sheaf.Processes;

namespace Sheaf.Client.Tests;

/// <summary>What needs no silo of its own: the cluster inside the client, and no cluster at all.</summary>
public sealed class LocalTests
{
    private const string Question = "计算 error div 并搜索";

    [Fact]
    public async Task Agent_OnThreeLocalSilos_SaysWhatTheEmbeddedSampleSays()
    {
        await using ProgramProcess sample = ProgramProcess.Start(Programs.Agent, [Question]);
        await using ProgramProcess client = Client("local", "--silos", "3", "agent", Question);
        Assert.True(await sample.ExitAsync() == 3, sample.All);
        Assert.True(await client.ExitAsync() == 3, client.All);
        Assert.Equal(AnswerAndTree(sample), AnswerAndTree(client));
        Assert.Contains(AnswerAndTree(client), line => line.Contains("tools/calculator: System.FormatException", StringComparison.Ordinal));
        foreach (string tool in (string[])["search", "calculator"])
            Assert.Contains(client.Output, line => Regex.IsMatch(line, $@"^\[{tool}\] failed on silo-[123] in ", RegexOptions.None, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task FolderScan_OnLocalSilos_FindsEveryFile()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sheaf-scan-");
        try
        {
            for (int i = 0; i < 250; i++) await File.WriteAllTextAsync(Path.Combine(folder.FullName, $"{i}.txt"), "one two\n", TestContext.Current.CancellationToken);
            File.CreateSymbolicLink(Path.Combine(folder.FullName, "lost"), Path.Combine(folder.FullName, "nowhere"));
            await using ProgramProcess client = Client("local", "--silos", "2", "folder-scan", folder.FullName);
            Assert.True(await client.ExitAsync() == 3, client.All);
            Assert.Contains("250 files (0 binary), 2000 bytes, 250 lines, 500 words", client.Output);
            Assert.Contains("1 failed", client.Output);
            Assert.Contains(client.Output, line => line.StartsWith($"└─ {folder.FullName}/lost: System.IO.FileNotFoundException: ", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Local_WithAJournal_TheWorkflowIsThereAgain()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sheaf-journal-");
        try
        {
            string journal = Path.Combine(folder.FullName, "local.db");
            await using ProgramProcess first = Client("local", "--journal", journal, "fan-out", "--children", "4", "--id", "kept");
            Assert.True(await first.ExitAsync() == 0, first.All);
            await using ProgramProcess second = Client("local", "--journal", journal, "show", "kept");
            Assert.True(await second.ExitAsync() == 0, second.All);
            Assert.Contains("kept: fan-out/v1, Succeeded", second.Output[0], StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Purge_OnlyWhatEndedLongAgo_AndADryRunDeletesNothing()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sheaf-journal-");
        try
        {
            string journal = Path.Combine(folder.FullName, "local.db");
            await SaysAsync("4 results, their sum is 10", "fan-out", "--children", "4", "--id", "old");
            await SaysAsync("0 workflows deleted that ended before ", "purge", "--older-than", "1h");
            await SaysAsync("1 workflows ended before ", "purge", "--older-than", "0s", "--dry-run");
            await SaysAsync("1 workflows deleted that ended before ", "purge", "--older-than", "0s");
            await using ProgramProcess show = Client("local", "--journal", journal, "show", "old");
            Assert.True(await show.ExitAsync() == 2, show.All);

            async Task SaysAsync(string begin, params string[] args)
            {
                await using ProgramProcess client = Client(["local", "--silos", "1", "--journal", journal, .. args]);
                Assert.True(await client.ExitAsync() == 0, client.All);
                Assert.Contains(client.Output, line => line.StartsWith(begin, StringComparison.Ordinal));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Connect_NoCluster_SaysWhatWhereAndRemedyInTime()
    {
        long begun = TimeProvider.System.GetTimestamp();
        await using ProgramProcess usage = Client("show");
        Assert.Equal(2, await usage.ExitAsync());
        // What the program takes by itself, which is much on a busy machine.
        TimeSpan pace = TimeProvider.System.GetElapsedTime(begun);
        long started = TimeProvider.System.GetTimestamp();
        await using ProgramProcess client = Client("--gateway-port", "1", "list");
        Assert.Equal(1, await client.ExitAsync());
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20) + (5 * pace));
        Assert.Contains("No silo of cluster 'sheaf' answers at 127.0.0.1:1", client.Error, StringComparison.Ordinal);
        Assert.Contains("'local --silos 3'", client.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", client.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--clustering", "Foo", "list")]
    [InlineData("fan-out", "--children", "0")]
    [InlineData("fan-out", "--children", "2", "--fail", "3")]
    [InlineData("local", "show", "nobody")]
    [InlineData("local", "retry", "nobody")]
    [InlineData("local", "terminate", "nobody")]
    [InlineData("local", "--silos", "99", "list")]
    [InlineData("local", "--silos", "x", "list")]
    [InlineData("local", "--journal", "", "list")]
    [InlineData("local", "--journal", ":memory:", "list")]
    [InlineData]
    [InlineData("local")]
    [InlineData("fan-out", "--no-such-option")]
    [InlineData("fan-out", "--children", "abc")]
    [InlineData("fan-out", "--children", "")]
    [InlineData("fan-out", "--children", "99999999999")]
    [InlineData("fan-out", "--children")]
    [InlineData("fan-out", "--fail", "x")]
    [InlineData("fan-out", "--fail", "-1")]
    [InlineData("fan-out", "--sleep", "x")]
    [InlineData("fan-out", "--sleep", "NaN")]
    [InlineData("fan-out", "--id", "")]
    [InlineData("folder-scan", "")]
    [InlineData("agent", "x", "--linger", "x")]
    [InlineData("list", "--status", "99")]
    [InlineData("list", "--status", "Unheard")]
    [InlineData("show", "")]
    [InlineData("show")]
    [InlineData("purge")]
    [InlineData("purge", "--older-than", "30")]
    [InlineData("purge", "--older-than", "-1d")]
    [InlineData("purge", "--older-than", "36501d")]
    public async Task Usage_MakesNoSense_IsTwoAndALine(params string[] args)
    {
        await using ProgramProcess client = Client(args);
        Assert.True(await client.ExitAsync() == 2, client.All);
        Assert.NotEqual("", client.Error);
        Assert.InRange(client.Error.Split('\n').Length, 1, 8);
        Assert.Empty(client.Output);
        Assert.DoesNotContain("   at ", client.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_AnArgumentMakesNoSense_PointsToTheHelpOfTheCommand()
    {
        await using ProgramProcess client = Client("local", "fan-out", "--children", "abc", "--sleep", "x");
        Assert.Equal(2, await client.ExitAsync());
        Assert.Contains("--children is 'abc': it must be a whole number from 1 to 100000.", client.Error, StringComparison.Ordinal);
        Assert.Contains("--sleep is 'x': it must be from 0 to 86400 seconds.", client.Error, StringComparison.Ordinal);
        Assert.EndsWith("'local fan-out --help' says what there is.", client.Error.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fan-out", "--id", "order/1.0")]
    [InlineData("folder-scan", ".", "--id", "x~1")]
    [InlineData("agent", "search for tea", "--id", "x~1")]
    public async Task Usage_AnIdThatIsNotForClients_IsTwoAndALine(params string[] args)
    {
        await using ProgramProcess client = Client(["local", "--silos", "1", .. args]);
        Assert.True(await client.ExitAsync() == 2, client.All);
        Assert.Contains($"The workflow id '{args[^1]}' is not for a client to give: ", client.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", client.All, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", client.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    public async Task Interrupt_WhileTheSilosStart_Is130AndALine(string silos)
    {
        await using ProgramProcess client = Client("local", "--silos", silos, "fan-out", "--children", "10", "--sleep", "600");
        await Poll.UntilAsync(() => Task.FromResult(client.Error.Contains("Starting", StringComparison.Ordinal)), TimeSpan.FromMinutes(3), () => client.All);
        await client.InterruptAsync();
        Assert.True(await client.ExitAsync() == 130, client.All);
        Assert.Contains("Interrupted.", client.Error, StringComparison.Ordinal);
        Assert.Empty(client.Output);
        Assert.DoesNotContain("   at ", client.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FolderScan_AFolderThatIsMissing_IsStillOneDocument_AlsoWithTelemetry()
    {
        await using ProgramProcess client = Client("--otel", "console", "local", "--silos", "1", "folder-scan", "/no/such/folder", "--json");
        Assert.True(await client.ExitAsync() == 3, client.All);
        using JsonDocument document = JsonDocument.Parse(string.Join('\n', client.Output));
        Assert.Equal(1, document.RootElement.GetProperty("failed").GetInt64());
        JsonElement failure = Assert.Single(document.RootElement.GetProperty("failures").EnumerateArray());
        Assert.Equal("System.IO.DirectoryNotFoundException", failure.GetProperty("type").GetString());
        Assert.Contains("/no/such/folder", failure.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("Activity.TraceId:", client.Error, StringComparison.Ordinal);
    }

    private static ProgramProcess Client(params string[] args) => ProgramProcess.Start(Programs.Client, args);

    /// <summary>
    /// All but the tools' states, which come in any order and with times, and the heartbeats, which are heard where the tools run. Each
    /// program has the documents beside itself.
    /// </summary>
    private static IEnumerable<string> AnswerAndTree(ProgramProcess program) => program.Output
        .Where(line => line is not ['[', ..] && !line.StartsWith("heartbeats:", StringComparison.Ordinal))
        .Select(line => Regex.Replace(line, "in '[^']*/Documents'", "in 'Documents'", RegexOptions.None, TimeSpan.FromSeconds(1)));
}
