using System.CommandLine;
using Sheaf.Samples.Agent;
using Sheaf.Samples.FanOut;

namespace Sheaf.Client.Commands;

/// <summary><c>fan-out</c>: many children, of which some fail.</summary>
internal static class FanOutCommand
{
    private const int MaxChildren = 100_000;

    public static Command Create(CommandHost host)
    {
        var children = new CountOption("--children", "N", "How many children.", least: 1, MaxChildren, otherwise: 100);
        var fail = new CountOption("--fail", "K", "How many of them fail.", least: 0, MaxChildren, otherwise: 0);
        Option<double?> sleep = SecondsOption.Create("--sleep", "How long each of them sleeps; 0 by default.");
        var policy = new Option<string>("--policy")
        {
            HelpName = "POLICY",
            Description = "collect-all: a failure stops nobody, and all are reported. fail-fast: the first cancels the others. settle: as collect-all, and the group does not fail.",
            DefaultValueFactory = _ => "collect-all",
        };
        policy.AcceptOnlyFromAmong("collect-all", "fail-fast", "settle");
        Option<string?> id = CommandHost.IdOption();
        var command = new Command("fan-out", "Starts many children on all silos, of which some fail, and adds up what they return.") { children, fail, sleep, policy, id };
        command.Validators.Add(result =>
        {
            if (fail.ValueIn(result) > children.ValueIn(result)) result.AddError("--fail is more than --children.");
        });
        host.SetAction(command, (arguments, cluster, interruption) => new WorkflowRun(cluster, host.Around).RunAsync(
            Run.Workflow<FanOutAndGather>(),
            host.IdOf(arguments.GetValue(id), "fan-out"),
            new FanOutOrder(
                arguments.GetValue(children), arguments.GetValue(fail), TimeSpan.FromSeconds(arguments.GetValue(sleep) ?? 0), PolicyOf(arguments.GetRequiredValue(policy))),
            async report =>
            {
                await host.Around.Output.WriteLineAsync($"{report.Results} results, their sum is {report.Sum}");
                return report.Results == arguments.GetValue(children) ? ClientProgram.Done : ClientProgram.SomeFailed;
            },
            showFailures: null,
            interruption));
        return command;
    }

    private static GroupPolicy PolicyOf(string name) => name switch
    {
        "fail-fast" => GroupPolicy.FailFast,
        "settle" => GroupPolicy.Settle,
        _ => GroupPolicy.CollectAll,
    };
}
