using Sheaf.Core.Tests.Groups;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>Journals that a newer version wrote, or that somebody damaged: their workflows wait, stuck, and the host runs the others.</summary>
public sealed class UnreadableJournalTests
{
    private readonly ScriptTable _scripts = new();
    private readonly HookedJournal _journal = new();

    public UnreadableJournalTests() =>
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.WaitForAsync<string>("go"));

    public static TheoryData<string, Func<string, string>, string> Mangles() => new()
    {
        { "unknown kind", body => body.Replace("\"$\":\"start\",\"child\":\"1.0\"", "\"$\":\"start-twice\",\"child\":\"1.0\"", StringComparison.Ordinal), "entry 2 is of the kind 'start-twice'" },
        { "unknown enum value", body => body.Replace("\"kind\":\"Signal\"", "\"kind\":\"Telepathy\"", StringComparison.Ordinal), "entry 2 is of the kind 'start'" },
        { "no kind", body => body.Replace("\"$\":\"started\",", "", StringComparison.Ordinal), "entry 0 has no kind" },
        { "null", body => body.Replace("]", ",null]", StringComparison.Ordinal), "entry 3 is null" },
        { "no array", _ => "{}", "the commit that begins with entry 0 is Object, not an array" },
        { "no JSON", body => body[..^5], "the commit that begins with entry 0 is not JSON" },
        { "contradiction", body => body.Replace("\"$\":\"started\"", "\"$\":\"cancel\"", StringComparison.Ordinal), "cannot be run again: Entry 0" },
    };

    [Theory]
    [Trait("Rule", "D3")]
    [MemberData(nameof(Mangles))]
    public async Task Journal_CannotBeRead_WorkflowIsStuckUntilItCan(string what, Func<string, string> mangle, string reason)
    {
        await using (ScriptHost first = new(_scripts, _journal)) await first.StartAsync("w", "w");

        _journal.Mangle = mangle;
        await using ScriptHost host = new(_scripts, _journal);
        WorkflowStuckException stuck = await Guard.Throws<WorkflowStuckException>(() => host.Client.ResultAsync<string>(new("w")), $"the stuck workflow ({what})");
        Assert.Contains("'w'", stuck.Message, StringComparison.Ordinal);
        Assert.Contains(reason, stuck.Message, StringComparison.Ordinal);
        await Guard.Throws<WorkflowStuckException>(() => host.Client.SignalAsync(new("w"), "go", "done"), "the refused signal");

        // Nobody knows what would have to be ended.
        WorkflowStuckException refused = await Guard.Throws<WorkflowStuckException>(() => host.Client.TerminateAsync(new("w")), "the refused termination");
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);

        // The host is well: what it can read, it runs.
        _journal.Mangle = null;
        await host.StartAsync("other", "w").Within("another workflow's start");
        Assert.Equal(WorkflowStatus.Stuck, (await host.Client.ListAsync().FirstAsync(summary => summary.Id == new WorkflowId("w"))).Status);

        Assert.True(await host.Client.RetryAsync(new("w")).Within("the retry"));
        Assert.True(await host.Client.SignalAsync(new("w"), "go", "done").Within("the signal"));
        Assert.Equal("done", await host.Client.ResultAsync<string>(new("w")).Within("the workflow's end"));
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Describe_JournalCannotBeRead_SaysWhichEntryAndWhatToDo()
    {
        await using ScriptHost host = new(_scripts, _journal);
        await host.StartAsync("w", "w");
        _journal.Mangle = body => body.Replace("\"$\":\"start\"", "\"$\":\"start-twice\"", StringComparison.Ordinal);
        WorkflowStuckException error = await Guard.Throws<WorkflowStuckException>(() => host.Client.DescribeAsync(new("w")), "the description");
        Assert.Contains("workflow 'w' cannot be read: entry 1 is of the kind 'start-twice'", error.Message, StringComparison.Ordinal);
        Assert.Contains("the version of Sheaf that wrote it, or a newer one", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Result_OfEndedWorkflowWhoseJournalCannotBeRead_SaysSo()
    {
        await using ScriptHost host = new(_scripts, _journal);
        await host.StartAsync("w", "w");
        await host.Client.SignalAsync(new("w"), "go", "done");
        Assert.Equal("done", await host.Client.ResultAsync<string>(new("w")).Within("the workflow's end"));
        await host.DisposeAsync();

        _journal.Mangle = _ => "?";
        await using ScriptHost later = new(_scripts, _journal);
        WorkflowStuckException error = await Guard.Throws<WorkflowStuckException>(() => later.Client.ResultAsync<string>(new("w")), "the answer");
        Assert.Contains("is not JSON", error.Message, StringComparison.Ordinal);
    }
}
