using System.Text.Json;

namespace Sheaf.Simulation;

/// <summary>Runs the engine against chance. A run that breaks a rule names its seed and its script, and can be run again alone.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int RandomRuns = 4000;

    [Fact]
    public void RandomWorkflows_RandomFaults_BreakNoRule()
    {
        Tally tally = new();
        int first = Environment.GetEnvironmentVariable("SHEAF_SIMULATION_SEED") is { } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : 1;
        int runs = Environment.GetEnvironmentVariable("SHEAF_SIMULATION_SEED") is null ? RandomRuns : 1;
        for (int seed = first; seed < first + runs; seed++)
        {
            GroupNode script = new ScriptGenerator(new Random(seed)).Workflow();
            tally.Run(script, seed, FaultPlan.Random(seed % 7));
        }

        Report("random workflows", tally);
    }

    [Theory]
    [MemberData(nameof(Canonical))]
    public void CanonicalWorkflow_OneFaultAtEveryStep_BreaksNoRule(string name)
    {
        GroupNode script = Scripts[name];
        Tally tally = new();
        for (int seed = 1; seed <= 3; seed++)
        {
            int steps = tally.Run(script, seed, FaultPlan.None);
            foreach (Fault fault in Enum.GetValues<Fault>())
            {
                for (int step = 0; step < steps; step++) tally.Run(script, seed, FaultPlan.Once(step, fault));
            }
        }

        Report(name, tally);
    }

    public static TheoryData<string> Canonical() => [.. Scripts.Keys];

    private static Dictionary<string, GroupNode> Scripts { get; } = new()
    {
        ["fail-fast"] = Group("g", GroupPolicy.FailFast, Leaf("a", Behaviour.WaitForCancel), Leaf("b", Behaviour.Fail), Leaf("c", Behaviour.Succeed)),
        ["collect-all with a window"] = Group("g", GroupPolicy.CollectAll, Leaf("a", Behaviour.Fail), Leaf("b", Behaviour.Succeed), Leaf("c", Behaviour.Fail), Leaf("d", Behaviour.Succeed)) with { MaxConcurrency = 2 },
        ["two awaiting branches"] = Group(
            "g",
            GroupPolicy.FailFast,
            new BranchNode("x", false, [Group("x1", GroupPolicy.FailFast, Leaf("xa", Behaviour.Succeed)), Group("x2", GroupPolicy.FailFast, Leaf("xb", Behaviour.Succeed))]),
            new BranchNode("y", false, [Group("y1", GroupPolicy.FailFast, Leaf("ya", Behaviour.Succeed)), Group("y2", GroupPolicy.FailFast, Leaf("yb", Behaviour.Succeed))])),
        ["retries and poison"] = Group("g", GroupPolicy.CollectAll, Leaf("a", Behaviour.FailTwice) with { Attempts = 3 }, Leaf("b", Behaviour.KillSiteTwice), Leaf("c", Behaviour.KillSites)),
        ["steps, isolation, cancel from inside"] = Group("g", GroupPolicy.FailFast, Leaf("a", Behaviour.Fail) with { Isolated = true }, Leaf("s", Behaviour.FailTwice) with { IsStep = true, Attempts = 3 }, Leaf("w", Behaviour.WaitForCancel)) with { CancelAfter = 2 },
        ["delays and signals"] = Group("g", GroupPolicy.FailFast, new WaitNode("d", 30), new WaitNode("signal", null), new WaitNode("signal", null), Group("inner", GroupPolicy.FailFast, new WaitNode("late", 90), Leaf("a", Behaviour.Succeed)) with { DeadlineSeconds = 60, Catches = true }),
        ["ignores cancellation"] = Group("g", GroupPolicy.FailFast, Leaf("a", Behaviour.Ignore), Leaf("b", Behaviour.Fail), Leaf("c", Behaviour.EndLate), Leaf("d", Behaviour.WaitForCancel)),
        ["ignores cancellation under a shield"] = Group("g", GroupPolicy.CollectAll, Group("inner", GroupPolicy.Settle, Leaf("a", Behaviour.Ignore) with { IsStep = true }, Leaf("b", Behaviour.EndLate) with { Attempts = 3 }) with { ShieldSeconds = 50, Catches = true }, Leaf("c", Behaviour.Ignore)) with { DeadlineSeconds = 10 },
        ["nested, shielded, with a deadline"] = Group("g", GroupPolicy.FailFast, Group("inner", GroupPolicy.Settle, Leaf("a", Behaviour.WaitForCancel), Leaf("b", Behaviour.FailWhenCancelled)) with { ShieldSeconds = 5 }, Leaf("c", Behaviour.SucceedWhenCancelled)) with { DeadlineSeconds = 10 },
        ["readiness, its loss, and its failure"] = Group(
            "g",
            GroupPolicy.FailFast,
            Ready("a", Behaviour.WaitForCancel, Looks.AtBoth),
            Ready("b", Behaviour.KillSiteTwice, Looks.AtStart) with { Isolated = true },
            Ready("c", Behaviour.FailTwice, Looks.AtStart) with { Isolated = true, Attempts = 3 },
            Ready("d", Behaviour.Succeed, Looks.Nowhere)) with { CancelAfter = 3 },
        ["readiness that a checkpoint looks at"] = Group(
            "g",
            GroupPolicy.CollectAll,
            Ready("a", Behaviour.FailTwice, Looks.Nowhere) with { Isolated = true },
            Ready("b", Behaviour.Ignore, Looks.AtEnd),
            Group("inner", GroupPolicy.FailFast, Ready("c", Behaviour.Fail, Looks.AtStart) with { Isolated = true }, new WaitNode("d", 10)) with { IsCheckpoint = true, LooksOut = true, Catches = true }) with { MaxConcurrency = 2, DeadlineSeconds = 40 },
    };

    private static LeafNode Ready(string name, Behaviour behaviour, Looks looks) => Leaf(name, behaviour) with { GetsReady = true, Looks = looks };

    private static GroupNode Group(string name, GroupPolicy policy, params Node[] children) => new(name, policy, null, null, null, null, Catches: false, children);

    private static LeafNode Leaf(string name, Behaviour behaviour) => new(name, behaviour, IsStep: false, Isolated: false, Attempts: 1);

    private void Report(string what, Tally tally)
    {
        output.WriteLine($"simulation: {what}: {tally.Runs} runs, {tally.Faults} faults, {tally.Broken.Count} rules broken, {tally.Steps} steps");
        Console.WriteLine($"simulation: {what}: {tally.Runs} runs, {tally.Faults} faults, {tally.Broken.Count} rules broken");
        Assert.True(tally.Broken.Count == 0, string.Join(Environment.NewLine, tally.Broken.Take(5)));
    }

    private sealed class Tally
    {
        public int Runs { get; private set; }

        public int Faults { get; private set; }

        public long Steps { get; private set; }

        public List<string> Broken { get; } = [];

        public int Run(GroupNode script, int seed, FaultPlan plan)
        {
            SimWorld world = new(script, seed, plan);
            try
            {
                world.Run();
            }
            catch (Exception error)
            {
                string faults = plan.At.Count > 0 ? string.Join(", ", plan.At.Select(at => $"{at.Value} at step {at.Key}")) : $"{plan.Faults} by chance";
                Broken.Add($"seed {seed}, faults: {faults}, step {world.Steps}: {(error is RuleBrokenException ? error.Message : error.ToString())}{Environment.NewLine}  script: {JsonSerializer.Serialize<Node>(script)}");
            }

            Runs++;
            Faults += world.FaultsInjected;
            Steps += world.Steps;
            return world.Steps;
        }
    }
}
