using System.Net;
using Sheaf.Processes;

namespace Sheaf.Silo.Tests.Processes;

/// <summary>The process itself: command line, exit codes, health. Needs no database.</summary>
public sealed class SiloProgramTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Start_BadConfiguration_SaysSoAndExitsWithTwo()
    {
        await using SiloProcess silo = SiloProcess.Start([], ("Sheaf__Clustering", "PostgreSql"), ("Sheaf__SiloPort", "none"));
        Assert.Equal(2, await silo.ExitAsync());
        Assert.Contains("Sheaf:SiloPort is 'none': give a free TCP port", silo.Output, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:Sheaf is not set", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", silo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnTheCommandLine_OptionsWinOverTheEnvironment()
    {
        await using SiloProcess silo = SiloProcess.Start(["--Sheaf:SiloPort", "none"]);
        Assert.Equal(2, await silo.ExitAsync());
        Assert.Contains("Sheaf:SiloPort is 'none'", silo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_TwoOnOneMachine_TheSecondJoinsThePrimary()
    {
        await using SiloProcess primary = SiloProcess.Start([]);
        await primary.ReadyAsync(Guard);
        await using SiloProcess second = SiloProcess.Start([], ("Sheaf__PrimaryEndpoint", $"127.0.0.1:{primary.SiloPort}"));
        await second.ReadyAsync(Guard);
        Assert.Equal(HttpStatusCode.OK, (await second.AnswerAsync("/health/live", Guard)).Code);
        Assert.Equal(0, await second.TerminateAsync());
        Assert.Equal(0, await primary.TerminateAsync());
    }

    [Fact]
    public async Task Start_AtPortsThatAreTaken_SaysSoExitsWithTwo_AndTheOtherLives()
    {
        await using SiloProcess first = SiloProcess.Start([]);
        await first.ReadyAsync(Guard);
        await using SiloProcess second = SiloProcess.Start([], first.Ports());
        Assert.Equal(2, await second.ExitAsync());
        Assert.Contains($"Sheaf:SiloPort is '{first.SiloPort}', where another process listens", second.Output, StringComparison.Ordinal);
        Assert.Contains($"Sheaf:GatewayPort is '{first.GatewayPort}'", second.Output, StringComparison.Ordinal);
        Assert.Contains($"Sheaf:HealthPort is '{first.HealthPort}'", second.Output, StringComparison.Ordinal);
        Assert.True(await first.IsReadyAsync());
    }

    [Fact]
    public async Task Start_AtThePortsOfOneThatWasKilled_IsReady()
    {
        await using SiloProcess first = SiloProcess.Start([]);
        await first.ReadyAsync(Guard);
        await first.KillAsync();
        await using SiloProcess second = SiloProcess.Start([], first.Ports());
        await second.ReadyAsync(Guard);
    }

    [Fact]
    public async Task Terminate_WhileItStarts_ExitsWithZero()
    {
        // It waits for a database that there is not.
        await using SiloProcess silo = SiloProcess.StartMember("Host=127.0.0.1;Port=9;Database=nowhere;Username=nobody");
        await silo.AnswerAsync("/health/live", Guard);
        int exit = await silo.TerminateAsync();
        Assert.True(exit == 0, $"exit {exit}: {silo.Output}");
    }

    [Fact]
    public async Task Start_TheDatabaseCannotBeReached_SaysWhatItWaitsForAndThenWhatItHasWaitedFor()
    {
        await using SiloProcess silo = SiloProcess.StartMember("Host=127.0.0.1;Port=9;Database=nowhere;Username=nobody");
        (_, string body) = await silo.AnswerAsync("/health/ready", Guard);
        Assert.Contains("waits for the database 'nowhere' at '127.0.0.1', port 9 (ConnectionStrings:Sheaf)", body, StringComparison.Ordinal);
        Assert.Equal(1, await silo.ExitAsync());
        Assert.Matches(@"The silo has failed: The database 'nowhere' at '127\.0\.0\.1', port 9 \(ConnectionStrings:Sheaf\) could not be reached for 3\d s", silo.Output);
        // At most once in 10 s.
        Assert.InRange(silo.Output.Split("trying again").Length - 1, 1, 4);
    }

    [Fact]
    public async Task Start_OtelConsole_PrintsTracesAndMetrics()
    {
        await using SiloProcess silo = SiloProcess.Start(["--otel", "console"], ("OTEL_METRIC_EXPORT_INTERVAL", "200"));
        await silo.ReadyAsync(Guard);
        await Poll.UntilAsync(
            () => Task.FromResult(silo.Output.Contains("Metric Name: orleans-", StringComparison.Ordinal) && silo.Output.Contains("Activity.TraceId", StringComparison.Ordinal)),
            Guard,
            () => silo.Output);
        Assert.Contains("service.name: sheaf-silo", silo.Output, StringComparison.Ordinal);
    }
}
