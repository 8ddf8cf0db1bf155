namespace Sheaf.Samples.FanOut;

/// <summary>Starts many children in one group and adds up what they return. All failures leave it as one exception group.</summary>
[Workflow("fan-out/v1")]
public sealed class FanOutAndGather : Workflow<FanOutOrder, FanOutReport>
{
    /// <summary>The group's name.</summary>
    public const string Group = "fan-out";

    /// <inheritdoc/>
    public override async Task<FanOutReport> RunAsync(FanOutOrder input, WorkflowContext workflow) =>
        await workflow.GroupAsync(Group, group => GatherAsync(input, group), new WorkflowGroupOptions { Policy = input.Policy });

    private static async Task<FanOutReport> GatherAsync(FanOutOrder order, WorkflowGroup group)
    {
        List<ChildTask<int>> children = [];
        for (int number = 1; number <= order.Children; number++)
        {
            bool fails = order.Fails(number);
            var part = new FanOutPart(number, fails ? order.Sleep / 2 : order.Sleep, fails);
            children.Add(group.Start($"work-{number}", Run.Worker<FanOutWork>(), part));
        }

        var report = new FanOutReport(0, 0);
        foreach (ChildTask<int> child in children)
        {
            // Asking for an outcome handles no failure (rule R16): the group still throws as its policy says.
            if ((await child.OutcomeAsync()).TryGetValue(out int value))
                report = new FanOutReport(report.Results + 1, report.Sum + value);
        }

        return report;
    }
}
