using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>Children that fail with as much as one may say, and groups made of them: what the journal has of it, and what a resumed workflow sees.</summary>
[Trait("Rule", "E7")]
public sealed class LargeFailureJournalTests
{
    private const int Children = 20;

    private readonly ScriptTable _scripts = new();
    private readonly MemoryJournal _journal = new();
    private readonly TaskCompletionSource _gate = Guard.Signal();
    private readonly TaskCompletionSource _looked = Guard.Signal();
    private readonly List<Failure> _seen = [];

    public LargeFailureJournalTests()
    {
        _scripts.Workers["bad"] = (context, _) =>
        {
            Exception error = context.Child.EndsWith("c0", StringComparison.Ordinal) ? new TimeoutException(new string('t', Failure.MaxMessageLength)) : new FormatException(new string('f', Failure.MaxMessageLength));
            for (int i = 0; i < Failure.MaxDataEntries; i++) error.Data["k" + i] = new string('d', Failure.MaxDataValueLength);
            throw error;
        };
        _scripts.Workers["late"] = async (_, token) =>
        {
            await _gate.Task.WaitAsync(token);
            return "done";
        };
    }

    [Theory]
    [Trait("Rule", "D1")]
    [Trait("Rule", "D11")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Resume_GroupFailedWithMoreThanTheBudget_CodeAndCallersSeeTheSame(bool checkpoint)
    {
        _scripts.Workflows["w"] = async workflow =>
        {
            Outcome stage = await workflow.GroupAsync("stage", group => StartAllAsync(group), new() { Checkpoint = checkpoint, Policy = GroupPolicy.CollectAll }).OutcomeAsync();
            _seen.Add(Failure.From(stage.Exception!));
            _looked.TrySetResult();
            await workflow.GroupAsync("last", async group => await group.Start(Run.Worker<ScriptedWorker>(), "late"));
            throw stage.Exception!;
        };
        await using (ScriptHost first = new(_scripts, _journal))
        {
            await first.StartAsync("w", "w");
            await _looked.Task.Within("the group's end");
        }

        _gate.SetResult();
        ExceptionGroup thrown;
        Failure described;
        await using (ScriptHost second = new(_scripts, _journal))
        {
            thrown = await Guard.Throws<ExceptionGroup>(() => second.RunAsync("w", "w"), "the workflow's end");
            described = (await second.Client.DescribeAsync("w").Within("the description"))!.Failure!;
        }

        Assert.Equal(_seen[0].ToJson(), _seen[1].ToJson());
        AssertBounded(_seen[0]);
        AssertBounded(Failure.From(thrown));
        AssertBounded(described);
        await using ScriptHost third = new(_scripts, _journal);
        Assert.Equal(described.ToJson(), (await third.Client.DescribeAsync("w").Within("the description"))!.Failure!.ToJson());
    }

    [Fact]
    [Trait("Rule", "D6")]
    public async Task Journal_ManyLargeFailuresAtOnce_CommitsStaySmall()
    {
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync("stage", group => StartAllAsync(group), new() { Policy = GroupPolicy.CollectAll });
        await using ScriptHost host = new(_scripts, _journal);
        await Guard.Throws<ExceptionGroup>(() => host.RunAsync("w", "w"), "the workflow's end");

        List<int> sizes = [];
        await foreach (JournalCommit commit in _journal.ReadAsync("w")) sizes.Add(commit.Body.Length);

        Assert.InRange(sizes.Sum(), Children * 500_000, (Children + 2) * Failure.MaxCharacters);
        Assert.All(sizes, size => Assert.InRange(size, 1, 6 * 1024 * 1024));
    }

    private static Task<string> StartAllAsync(WorkflowGroup group)
    {
        for (int i = 0; i < Children; i++) _ = group.Start($"c{i}", Run.Worker<ScriptedWorker>(), "bad");
        return Task.FromResult("");
    }

    private static void AssertBounded(Failure failure)
    {
        Assert.InRange(failure.ToJson().Length, Failure.MaxCharacters / 2, Failure.MaxCharacters + 100_000);
        Assert.Equal(Children, failure.Inner.Count);
        Assert.Equal(["System.FormatException", "System.TimeoutException"], failure.Inner.Select(leaf => leaf.TypeName).Distinct().Order(StringComparer.Ordinal));
        Assert.All(failure.Inner, leaf => Assert.Contains("<cut:", leaf.Message + leaf.Data["…"], StringComparison.Ordinal));
    }
}
