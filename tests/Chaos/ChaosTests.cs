using System.Globalization;
using Sheaf.Chaos.Faults;
using Sheaf.Chaos.Load;
using Sheaf.PostgreSql;
using Sheaf.Processes;

namespace Sheaf.Chaos;

/// <summary>
/// Rule D under many faults: three silo processes and PostgreSQL, many workflows at once, faults by a seed. In the end every workflow is judged
/// by its result and by the rows of its journal.
/// </summary>
/// <remarks><c>SHEAF_CHAOS_SECONDS</c> is how long faults strike, <c>SHEAF_CHAOS_SEED</c> which.</remarks>
public sealed class ChaosTests
{
    /// <summary>With what comes before and after, a run stays within ten minutes.</summary>
    private const int MostSeconds = 480;

    /// <summary>How long what has begun may take to end once nothing strikes any more.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(90);

    [Fact]
    [Trait("Rule", "D2")]
    [Trait("Rule", "D7")]
    [Trait("Rule", "D8")]
    public async Task Storm_OfFaults_EveryWorkflowEndsRight_WithOneOutcomeAChild_AndNoOrphan()
    {
        Assert.SkipWhen(PostgreSqlServer.Missing is not null, PostgreSqlServer.Missing ?? "");
        int seed = Variable("SHEAF_CHAOS_SEED", 1, int.MinValue, int.MaxValue);
        int seconds = Variable("SHEAF_CHAOS_SECONDS", 30, 1, MostSeconds);
        Console.WriteLine($"chaos: seed {seed}, {seconds} s");

        await using PostgreSqlServer server = await PostgreSqlServer.StartAsync();
        await using SiloSet silos = new(await server.CreateDatabaseAsync());
        await silos.WholeAsync();
        await using Workload load = await Workload.StartAsync(silos.Database, seed);
        Storm storm = new(silos, server, new Random(seed));
        Verdict verdict;
        try
        {
            // On a busy machine the first fault could come before there is anything to strike.
            await load.FlowsAsync(SiloSet.Count);
            await storm.RageAsync(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
            await load.EndAsync(Calm);
            verdict = await Verdict.OfAsync(load, silos.Database);
        }
        catch
        {
            await TellAsync(storm, silos, server);
            throw;
        }

        if (verdict.Problems.Count > 0) await TellAsync(storm, silos, server);
        string faults = string.Join(", ", storm.Struck.GroupBy(struck => struck.Fault).OrderBy(group => group.Key).Select(group => $"{group.Count()} {group.Key}"));
        Console.WriteLine($"chaos: {faults}; {silos.EndedByThemselves} silos ended by themselves; {verdict.Struck} children lost a delivery");
        Console.WriteLine(
            $"chaos: seed {seed}, {seconds} s: {storm.Struck.Count} faults injected, {verdict.Finished} workflows finished, {verdict.Lost} outcomes lost, "
            + $"{verdict.Duplicated} duplicated, {verdict.Orphans} orphans");
        Assert.True(verdict.Problems.Count == 0, string.Join('\n', [$"seed {seed}: {verdict.Problems.Count} problems", .. verdict.Problems.Take(20)]));
        Assert.True(verdict.Struck > 0, "No fault has struck any child: this has proved nothing.");
    }

    /// <summary>What a reader needs who looks for the cause.</summary>
    private static async Task TellAsync(Storm storm, SiloSet silos, PostgreSqlServer server)
    {
        foreach ((TimeSpan at, Fault fault, string where) in storm.Struck) Console.WriteLine($"chaos: {at.TotalSeconds,6:0.0} s {fault} {where}");
        Console.WriteLine($"chaos: logs are in {await silos.WriteLogsAsync(server)}");
    }

    private static int Variable(string name, int otherwise, int least, int most)
    {
        if (Environment.GetEnvironmentVariable(name) is not { Length: > 0 } given) return otherwise;
        Assert.True(int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most, $"{name} is '{given}': give a number from {least} to {most}.");
        return value;
    }
}
