using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

public sealed class NestedHardCaseTests
{
    private readonly ScriptTable _scripts = new();

    public NestedHardCaseTests()
    {
        _scripts.Workflows["nested"] = _ => Task.FromResult("done");
        _scripts.Workflows["parent"] = workflow => workflow.GroupAsync("g", async group =>
        {
            ChildTask<string>[] children = [.. Enumerable.Range(0, 50).Select(i => group.Start($"{i}", Run.Workflow<ScriptedWorkflow>(), "nested"))];
            foreach (ChildTask<string> child in children) await child;
            return "all";
        });
    }

    [Fact]
    [Trait("Rule", "R1")]
    public async Task Nested_JournalKeepsNothingOfWhatHasEnded_GivesItsValue()
    {
        await using ScriptHost host = new(_scripts, new MemoryJournal { MaxEndedEntries = 0 });
        Assert.Equal("all", await host.RunAsync("w", "parent").Within("the parent's end"));
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Nested_HasEndedAndTheJournalIsAwayForAWhile_GivesItsValue()
    {
        HookedJournal journal = new();
        await using ScriptHost host = new(_scripts, journal);
        await host.Host.StartAsync(CancellationToken.None);
        await host.Host.Workflows.RunAsync("scripted/v1", "w/1.0", "\"nested\"", new Begin(), CancellationToken.None).Within("the end of what will be nested");
        int finds = 0;
        journal.BeforeFind = () =>
        {
            if (Interlocked.Increment(ref finds) <= 5) throw new InvalidOperationException("The connection is not open.");
        };
        Assert.Equal("all", await host.RunAsync("w", "parent").Within("the parent's end"));
        Assert.True(finds > 5);
    }
}
