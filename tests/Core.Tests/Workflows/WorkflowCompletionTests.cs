using Sheaf.Core.Tests.Groups;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>R13 in workflows: the order of ends is that of the journal, on every replay.</summary>
public sealed class WorkflowCompletionTests
{
    [Fact]
    [Trait("Rule", "R13")]
    [Trait("Rule", "D1")]
    public async Task Completions_WorkflowIsResumed_ComeInTheSameOrder()
    {
        ScriptTable scripts = new();
        MemoryJournal journal = new();
        TaskCompletionSource two = Guard.Signal();
        List<string> seen = [];
        scripts.Workflows["w"] = workflow => workflow.GroupAsync("g", async group =>
        {
            seen.Clear();
            _ = group.WaitForAsync<string>("one");
            _ = group.WaitForAsync<string>("two");
            _ = group.Branch("three", _ => throw new FormatException("bad"), new() { Isolated = true });
            await foreach (Outcome outcome in group.Completions)
            {
                seen.Add($"{outcome.Name} {outcome.Kind}");
                if (outcome.Name == "two")
                {
                    _ = group.WaitForAsync<string>("four");
                    two.TrySetResult();
                }
            }

            return string.Join(", ", seen);
        });
        await using (ScriptHost first = new(scripts, journal))
        {
            await first.StartAsync("w", "w");
            await first.Client.SignalAsync(new("w"), "two", "").Within("the signal");
            await two.Task.Within("the second child's end");
        }

        Assert.Equal(["three Failed", "two Succeeded"], seen);
        await using ScriptHost second = new(scripts, journal);
        await second.Client.SignalAsync(new("w"), "four", "").Within("the signal");
        await second.Client.SignalAsync(new("w"), "one", "").Within("the signal");
        Assert.Equal("three Failed, two Succeeded, four Succeeded, one Succeeded", await second.Client.ResultAsync<string>(new("w")).Within("the workflow's end"));
    }
}
