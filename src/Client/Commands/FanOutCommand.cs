using System.CommandLine;
using Sheaf.Samples.FanOut;

namespace Sheaf.Client.Commands;

/// <summary><c>fan-out</c>: many children, of which some fail.</summary>
internal static class FanOutCommand
{
    public static Command Create(CommandHost host)
    {
        var children = new Option<int>("--children") { HelpName = "N", Description = "How many children.", DefaultValueFactory = _ => 100 };
        var fail = new Option<int>("--fail") { HelpName = "K", Description = "How many of them fail.", DefaultValueFactory = _ => 0 };
        var sleep = new Option<double>("--sleep") { HelpName = "SECONDS", Description = "How long each of them sleeps.", DefaultValueFactory = _ => 0 };
        var policy = new Option<string>("--policy")
        {
            HelpName = "POLICY",
            Description = "collect-all: a failure stops nobody, and all are reported. fail-fast: the first cancels the others. settle: as collect-all, and the group does not fail.",
            DefaultValueFactory = _ => "collect-all",
        };
        policy.AcceptOnlyFromAmong("collect-all", "fail-fast", "settle");
        Option<string?> id = CommandHost.IdOption();
        children.Validators.Add(result => Check(result.GetValueOrDefault<int>() is >= 1 and <= 100_000, result.AddError, "--children must be from 1 to 100000."));
        fail.Validators.Add(result => Check(result.GetValueOrDefault<int>() >= 0, result.AddError, "--fail must be 0 or more."));
        sleep.Validators.Add(result => Check(result.GetValueOrDefault<double>() is >= 0 and <= 86_400, result.AddError, "--sleep must be from 0 to 86400 seconds."));
        var command = new Command("fan-out", "Starts many children on all silos, of which some fail, and adds up what they return.") { children, fail, sleep, policy, id };
        command.Validators.Add(result => Check(result.GetValue(fail) <= result.GetValue(children), result.AddError, "--fail is more than --children."));
        host.SetAction(command, (arguments, cluster, interruption) => new WorkflowRun(cluster, host.Around).RunAsync(
            Run.Workflow<FanOutAndGather>(),
            host.IdOf(arguments.GetValue(id), "fan-out"),
            new FanOutOrder(
                arguments.GetValue(children), arguments.GetValue(fail), TimeSpan.FromSeconds(arguments.GetValue(sleep)), PolicyOf(arguments.GetRequiredValue(policy))),
            async (report, _) =>
            {
                await host.Around.Output.WriteLineAsync($"{report.Results} results, their sum is {report.Sum}");
                return report.Results == arguments.GetValue(children) ? ClientProgram.Done : ClientProgram.SomeFailed;
            },
            interruption));
        return command;
    }

    private static GroupPolicy PolicyOf(string name) => name switch
    {
        "fail-fast" => GroupPolicy.FailFast,
        "settle" => GroupPolicy.Settle,
        _ => GroupPolicy.CollectAll,
    };

    private static void Check(bool holds, Action<string> addError, string otherwise)
    {
        if (!holds) addError(otherwise);
    }
}
