using Orleans.Hosting;
using Sheaf.Cluster.Tests.Running;
using Sheaf.Grains;

namespace Sheaf.Cluster.Tests.Clients;

/// <summary>Values that are larger than a message of the cluster may be: those of a map's part, or of one of its workflows, are as large as all of their inputs' together.</summary>
public sealed class LargeValueTests
{
    // Well above what goes together in one message where each of it is small.
    private const int MaxMessage = 3 * 1024 * 1024;

    private static readonly Wanted TwoSilos = Wanted.WithMessagesOf(MaxMessage, sheaf => sheaf.AddWorkflow<LargeWorkflow>().AddWorkflow<LargeMap>().AddWorker<LargeWorker>());

    [Theory]
    [Trait("Rule", "D10")]
    [InlineData(100)]
    [InlineData(500_000)]
    public async Task Workflow_ValueIsLargerThanAPage_ArrivesWhole(int length)
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);
        string run = await cluster.Field.GuardAsync(cluster.Client.RunAsync(Run.Workflow<LargeWorkflow>(), "large", length), "the run");
        Assert.Equal(LargeWorkflow.Of(length), run);
        Assert.Equal(run, await cluster.Field.GuardAsync(cluster.Client.ResultAsync<string>("large"), "the result"));
    }

    [Fact]
    [Trait("Rule", "D10")]
    [Trait("Rule", "R15")]
    public async Task Map_ValuesOfAPartAreLargerThanAMessage_FailsAndSaysHow()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => cluster.Field.GuardAsync(cluster.Client.RunAsync(Run.Workflow<LargeMap>(), "map", new(40, 40)), "the map"));
        Assert.Contains("fewer InputsPerChild", Assert.IsType<PayloadTooLargeException>(failures.Leaves.First().Exception).Message, StringComparison.Ordinal);
        Assert.Equal(40 * 60_000, await cluster.Field.GuardAsync(cluster.Client.RunAsync(Run.Workflow<LargeMap>(), "smaller", new(40, 5)), "the map of smaller parts"));
    }

    [Fact]
    [Trait("Rule", "D10")]
    [Trait("Rule", "D11")]
    public async Task Map_ValuesOfAWorkflowAreLargerThanAMessage_ArriveWhole()
    {
        await using FieldCluster cluster = await FieldCluster.StartAsync(TwoSilos);
        // Wherever they are: a value goes from each to the silo of the map.
        Assert.Equal(20_000 * 400, await cluster.Field.GuardAsync(cluster.Client.RunAsync(Run.Workflow<LargeMap>(), "map", new(20_000, 250) { Length = 400 }), "the map"));
    }
}

[Workflow("large-value")]
public sealed class LargeWorkflow : Workflow<int, string>
{
    // Of one, two and three bytes, so that no count of characters is one of bytes.
    public static string Of(int length) => string.Concat(Enumerable.Repeat("aß€", (length + 2) / 3));

    public override Task<string> RunAsync(int input, WorkflowContext workflow) => Task.FromResult(Of(input));
}

public sealed record Values(int Count, int InputsPerChild)
{
    public int Length { get; init; } = 60_000;
}

/// <summary>The length of all values of a map together.</summary>
[Workflow("large-map")]
public sealed class LargeMap : Workflow<Values, int>
{
    public override Task<int> RunAsync(Values input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        (await group.MapAsync("map", Run.Worker<LargeWorker>(), Enumerable.Repeat(input.Length, input.Count).ToArray(), new() { InputsPerChild = input.InputsPerChild })).Sum(value => value.Length));
}

[Worker("large-value")]
public sealed class LargeWorker : Worker<int, string>
{
    public override Task<string> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(new string('x', input));
}
