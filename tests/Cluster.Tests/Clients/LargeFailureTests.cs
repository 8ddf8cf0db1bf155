using Orleans.Hosting;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Grains;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Clients;

/// <summary>Failures and descriptions that are larger than a message of the cluster may be, alone or together.</summary>
[Trait("Rule", "E7")]
public sealed class LargeFailureTests
{
    private const int MaxMessage = 256 * 1024;

    private static readonly Wanted TwoSilos = Wanted.WithMessagesOf(MaxMessage, sheaf => sheaf.AddWorkflow<FailLargely>().AddWorkflow<HaveFailed>().AddWorker<LargeFailureWorker>());

    [Theory]
    [InlineData('x')]
    [InlineData('错')]
    public async Task Children_FailWithMoreTogetherThanAMessage_AllAreTold(char character)
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);

        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => cluster.Field.GuardAsync(cluster.Client.RunAsync(Run.Workflow<FailLargely>(), "many", new(200, 4_000, 2, character)), "the run"));

        Assert.Equal(200, Counted(failures));
        Assert.Equal(100, failures.Leaves.Count(leaf => leaf.Exception is not OmittedFailures));
        await ArrivesAsync(cluster, "many", failures);
    }

    [Theory]
    [InlineData('x')]
    [InlineData('错')]
    [Trait("Rule", "D10")]
    public async Task Child_FailsWithMoreThanAMessage_IsShortenedAndSaysSo(char character)
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);

        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => cluster.Field.GuardAsync(cluster.Client.RunAsync(Run.Workflow<FailLargely>(), "one", new(3, 30_000, 60, character)), "the run"));

        Assert.Equal(3, failures.Leaves.Count());
        Assert.All(failures.Leaves, leaf => Assert.Contains("<cut:", Assert.IsType<FormatException>(leaf.Exception).Message, StringComparison.Ordinal));
        await ArrivesAsync(cluster, "one", failures);
    }

    [Fact]
    [Trait("Rule", "D11")]
    public async Task Description_LargerThanAMessage_ArrivesWhole()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);
        Assert.Equal(100, await cluster.Field.GuardAsync(cluster.Client.RunAsync(Run.Workflow<HaveFailed>(), "w", new(100, 10_000, 0, '错')), "the run"));

        WorkflowDescription description = (await cluster.Field.GuardAsync(cluster.Client.DescribeAsync("w"), "the description"))!;

        IReadOnlyList<ChildDescription> children = description.Children[0].Children;
        Assert.Equal(100, children.Count);
        Assert.All(children, child => Assert.Equal(new string('错', 10_000), child.Failure!.Message));
    }

    /// <summary>Also to whoever asks later, and in the journal as at the client.</summary>
    private static async Task ArrivesAsync(FieldCluster cluster, WorkflowId id, ExceptionGroup failures)
    {
        ExceptionGroup later = await Assert.ThrowsAsync<ExceptionGroup>(() => cluster.Field.GuardAsync(cluster.Client.ResultAsync<int>(id), "the result"));
        // But for the stack of each caller.
        Assert.Equal(Failure.From(failures) with { StackTrace = null }, Failure.From(later) with { StackTrace = null });
        Assert.NotNull(await cluster.Field.GuardAsync(cluster.Client.DescribeAsync(id), "the description"));
        // The journal's commits are larger than messages too.
        IReadOnlyList<WorkflowEvent> events = await cluster.EventsAsync(id);
        Assert.Equal(failures.LeafCount, events.Count(seen => seen.Kind == WorkflowEventKind.ChildEnded && seen.Path.Count == 2));
        await foreach (JournalCommit commit in cluster.Journal.ReadAsync(id)) Assert.InRange(commit.Body.Length, 1, 16 * 1024 * 1024);
    }

    private static int Counted(ExceptionGroup failures) => failures.Leaves.Sum(leaf => leaf.Exception is OmittedFailures omitted ? omitted.Count : 1);
}

public sealed record LargeFailures(int Children, int MessageLength, int DataEntries, char Character);

[Workflow("fail-largely")]
public sealed class FailLargely : Workflow<LargeFailures, int>
{
    public override Task<int> RunAsync(LargeFailures input, WorkflowContext workflow) => workflow.GroupAsync("g", group =>
    {
        for (int i = 0; i < input.Children; i++) _ = group.Start($"c{i}", Run.Worker<LargeFailureWorker>(), input);
        return Task.FromResult(0);
    }, new WorkflowGroupOptions { Policy = GroupPolicy.CollectAll });
}

/// <summary>How many children failed, and their failures went no further.</summary>
[Workflow("have-failed")]
public sealed class HaveFailed : Workflow<LargeFailures, int>
{
    public override Task<int> RunAsync(LargeFailures input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
    {
        for (int i = 0; i < input.Children; i++) _ = group.Start($"c{i}", Run.Worker<LargeFailureWorker>(), input);
        int failed = 0;
        await foreach (Outcome outcome in group.Completions) failed += outcome.Kind == OutcomeKind.Failed ? 1 : 0;
        return failed;
    }, new WorkflowGroupOptions { Policy = GroupPolicy.Settle });
}

[Worker("large-failure")]
public sealed class LargeFailureWorker : Worker<LargeFailures, int>
{
    public override Task<int> RunAsync(LargeFailures input, WorkerContext context, CancellationToken cancellationToken)
    {
        FormatException error = new(new string(input.Character, input.MessageLength));
        for (int i = 0; i < input.DataEntries; i++) error.Data["k" + i] = new string(input.Character, 8_000);
        throw error;
    }
}
