namespace Sheaf.Conformance;

/// <summary>Two branches that start and await side by side, with the workflow's own ids, chance and clock in the value.</summary>
[Workflow("branches/v1")]
public sealed class BranchesWorkflow : Workflow<string, string>
{
    public override async Task<string> RunAsync(string input, WorkflowContext workflow)
    {
        Guid guid = workflow.NewGuid();
        int number = workflow.Random.Next();
        string stepped = await workflow.Step("step", _ => Task.FromResult("stepped"));
        return await workflow.GroupAsync("g", async group =>
        {
            ChildTask<string> left = group.Branch("left", branch => ChainAsync(branch, input, "l"));
            ChildTask<string> right = group.Branch("right", branch => ChainAsync(branch, input, "r"));
            return $"{await left} {await right} {stepped} {guid} {number} {workflow.Random.Next()}";
        });
    }

    private static Task<string> ChainAsync(WorkflowContext branch, string stage, string prefix) => branch.GroupAsync(prefix, async group =>
    {
        string chain = "";
        for (int i = 0; i < 4; i++)
        {
            // Two at once, awaited in the order of starting whatever the order of ending.
            string a = $"{prefix}{i}a", b = $"{prefix}{i}b";
            ChildTask<string> first = group.Start(a, Run.Worker<PlanWorker>(), new PlanWork(stage, a, new Succeed(a)));
            ChildTask<string> second = group.Start(b, Run.Worker<PlanWorker>(), new PlanWork(stage, b, new Succeed(b)));
            chain += await first + await second;
        }

        return chain;
    });
}

public sealed record Misuse(string Stage, string How);

/// <summary>What workflow code must not do (D3).</summary>
[Workflow("misuse/v1")]
public sealed class MisusingWorkflow : Workflow<Misuse, string>
{
    public const string TaskRun = "Task.Run";
    public const string OffTurn = "ConfigureAwait(false)";
    public const string Delay = "Task.Delay";
    public const string Foreign = "foreign await";

    public override async Task<string> RunAsync(Misuse input, WorkflowContext workflow)
    {
        await workflow.Step("before", _ => Task.CompletedTask);
        switch (input.How)
        {
            case TaskRun:
                return await Task.Run(() => OneAsync(workflow));
            case OffTurn:
                await OneAsync(workflow).ConfigureAwait(false);
                return await OneAsync(workflow);
            case Delay:
                await Task.Delay(TimeSpan.FromMinutes(1), Stage.Of(input.Stage).Foreign);
                return "slept";
            case Foreign:
                return await AskSomebodyAsync(Stage.Of(input.Stage));
            default:
                return await OneAsync(workflow);
        }
    }

    private static Task<string> OneAsync(WorkflowContext workflow) => workflow.Step("one", _ => Task.FromResult("one"));

    private static async Task<string> AskSomebodyAsync(Stage stage)
    {
        stage.Log("asked");
        await stage.AtGate("answer");
        return "answered";
    }
}

/// <summary>Cannot be made before it is mended.</summary>
[Workflow("broken/v1")]
public sealed class BrokenWorkflow(Func<bool> isMended) : Workflow<string, string>
{
    private readonly bool _isMended = isMended() ? true : throw new InvalidOperationException("not mended yet");

    public override async Task<string> RunAsync(string input, WorkflowContext workflow)
    {
        if (input == "waits") await workflow.WaitForAsync<string>("nothing");
        return _isMended ? "mended" : "broken";
    }
}

/// <summary>Two versions of one workflow; the second forgot that journals of the first exist.</summary>
public static class Changing
{
    [Workflow("changing/v1")]
    public sealed class Before : Workflow<string, string>
    {
        public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        {
            ChildTask<string> one = group.Start("one", Run.Worker<PlanWorker>(), new PlanWork(input, "one", new AtGate("open", new Succeed("1"))));
            return "before " + await one;
        });
    }

    [Workflow("changing/v1")]
    public sealed class After : Workflow<string, string>
    {
        public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        {
            ChildTask<string> two = group.Start("two", Run.Worker<PlanWorker>(), new PlanWork(input, "two", new Succeed("2")));
            return "after " + await two;
        });
    }

    /// <summary>The second version, which did not forget.</summary>
    [Workflow("changing/v1")]
    public sealed class AfterWithCare : Workflow<string, string>
    {
        public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        {
            bool isNew = workflow.Changed("two-first");
            ChildTask<string> first = isNew
                ? group.Start("two", Run.Worker<PlanWorker>(), new PlanWork(input, "two", new AtGate("open", new Succeed("2"))))
                : group.Start("one", Run.Worker<PlanWorker>(), new PlanWork(input, "one", new AtGate("open", new Succeed("1"))));
            string value = await first;
            return $"{(workflow.Changed("two-first") == isNew ? "same" : "other")} {value} {workflow.Changed("later")}";
        });
    }

    /// <summary>The third, when nothing of the first runs any more.</summary>
    [Workflow("changing/v1")]
    public sealed class NewOnly : Workflow<string, string>
    {
        public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
            "new only " + await group.Start("two", Run.Worker<PlanWorker>(), new PlanWork(input, "two", new AtGate("open", new Succeed("2")))));
    }

    [Workflow("changing/v1")]
    public sealed class DoesLess : Workflow<string, string>
    {
        public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", _ => new TaskCompletionSource<string>().Task);
    }
}

/// <summary>An input that no JSON can be made of.</summary>
public sealed class Ring
{
    public Ring() => Self = this;

    public Ring Self { get; }
}

[Worker("takes-ring/v1")]
public sealed class TakesRing : Worker<Ring, string>
{
    public override Task<string> RunAsync(Ring input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult("got it");
}

[Worker("gives-ring/v1")]
public sealed class GivesRing : Worker<string, Ring>
{
    public override Task<Ring> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(new Ring());
}

[Workflow("rings/v1")]
public sealed class RingsWorkflow : Workflow<string, string>
{
    public override Task<string> RunAsync(string input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
    {
        ChildTask<string> takes = group.Start("takes", Run.Worker<TakesRing>(), new Ring(), new() { Isolated = true });
        ChildTask<Ring> gives = group.Start("gives", Run.Worker<GivesRing>(), "", new() { Isolated = true });
        ChildTask<string> fine = group.Start("fine", Run.Worker<PlanWorker>(), new PlanWork(input, "fine", new Succeed("fine")));
        return $"{(await takes.OutcomeAsync()).Kind} {(await gives.OutcomeAsync()).Kind} {await fine}";
    });
}

/// <summary>Throws outside of any group.</summary>
[Workflow("throws/v1")]
public sealed class ThrowingWorkflow : Workflow<string, string>
{
    public override Task<string> RunAsync(string input, WorkflowContext workflow) => throw new FormatException(input);
}
