using Sheaf.Crash.Tests.Workflows;
using Sheaf.Journal;

namespace Sheaf.Crash.Tests;

/// <summary>A workflow with its input and what clients do meanwhile.</summary>
public abstract class Scenario
{
    private static readonly SheafOptions Options = new() { MaxPayloadBytes = 4000 };

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new Of<string, string>("every-kind", Run.Workflow<EveryKind>(), "naïve", (client, id) => client.SignalAsync(id, "approval", "ja ✓", key: "approval-1")),
        new Of<string, int>("failing-tree", Run.Workflow<FailingTree>(), "ümlaut"),
        new Of<string, string>("time-is-up", Run.Workflow<TimeIsUp>(), "late"),
        new Of<string, string>("fail-fast", Run.Workflow<FailFast>(), "waiting"),
        new Of<string, string>("compensates", Run.Workflow<Compensates>(), "undone", (client, id) => client.CancelAsync(id, "changed my mind")),
        new Of<int, string>("window", Run.Workflow<Window>(), 7),
        new Of<int, string>("continues", Run.Workflow<Continues>(), 0, (client, id) => client.SignalAsync(id, "item", "kept", key: "k")),
        new Of<string, string>("nests", Run.Workflow<Nests>(), "in vain"),
        new Of<string, string>("checkpoints", Run.Workflow<Checkpoints>(), "staged", (client, id) => client.SignalAsync(id, "approval", "ja", key: "approval-1")),
        new Of<string, string>("readies", Run.Workflow<Readies>(), "sandbox"),
        new Of<string, string>("terminated", Run.Workflow<GoesOn>(), "never", (client, id) => client.TerminateAsync(id, "enough of it")),
        new Of<int, string>("pages", Run.Workflow<Pages>(), 5) { Nested = [("map", "pages/2.0"), ("page", "pages/2.0~2/1.0")] },
    ];

    public string Name { get; }

    /// <summary>Workflows inside whose code is Sheaf's own, so that their journals are kept as well.</summary>
    public IReadOnlyList<(string Name, WorkflowId Id)> Nested { get; private init; } = [];

    protected Scenario(string name) => Name = name;

    public static Scenario Named(string name) => All.Single(scenario => scenario.Name == name);

    public static SheafBuilder Configure(SheafBuilder sheaf) => Registration.AddAll(sheaf).UseOptions(Options);

    public abstract Task<CrashTestReport> CrashAsync(Func<int, IJournal> openJournal);

    public override string ToString() => Name;

    private sealed class Of<TIn, TOut>(string name, IWorkflowRef<Workflow<TIn, TOut>> workflow, TIn input, params Func<IWorkflowClient, WorkflowId, Task>[] whenWaiting) : Scenario(name)
    {
        public override Task<CrashTestReport> CrashAsync(Func<int, IJournal> openJournal) =>
            CrashTest.RunAsync(workflow, input, Configure, new CrashTestOptions { Id = Name, OpenJournal = openJournal, WhenWaiting = whenWaiting });
    }
}
