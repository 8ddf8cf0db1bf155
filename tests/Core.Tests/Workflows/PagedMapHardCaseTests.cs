using Microsoft.Extensions.DependencyInjection;
using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

public sealed class PagedMapHardCaseTests
{
    // The second is the longest id that a workflow with a map may have.
    [Theory]
    [Trait("Rule", "R5")]
    [Trait("Rule", "R15")]
    [InlineData(1)]
    [InlineData(181)]
    public async Task Cancel_BetweenTheRunsOfAMapThatCollectsAll_ThrowsWhatFailedBefore(int idLength)
    {
        HookedJournal journal = new();
        await using ServiceProvider services = new ServiceCollection()
            .AddSheaf(s => s.AddWorkflow<EndlessMap>().AddWorker<EndlessSource>().AddWorker<OddFails>())
            .UseEmbedded(journal)
            .BuildServiceProvider();
        IWorkflowClient client = services.GetRequiredService<IWorkflowClient>();
        Task<bool>? cancelled = null;
        journal.AfterAppend = commits =>
        {
            // It is in the mailbox before the workflow knows that its run has ended.
            if (commits.FirstOrDefault(commit => EntryCodec.Decode(commit.Body.Span).Any(entry => entry is EndScope { ContinuesWith: { } next } && next.Contains("\"cursor 2\"", StringComparison.Ordinal))) is { } last)
                cancelled ??= client.CancelAsync(last.Workflow, "enough");
            return Task.CompletedTask;
        };
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => client.RunAsync(Run.Workflow<EndlessMap>(), new string('w', idLength), 0).Within("the map's end"));
        Assert.Equal("1 is odd", Assert.Single(failures.Leaves).Exception.Message);
        Assert.True(await cancelled!.Within("the cancellation"));
    }

    [Theory]
    [Trait("Rule", "R15")]
    [InlineData(582, 1)]
    [InlineData(596, 15)]
    public async Task Id_WithoutRoomForThoseOfItsPages_IsRefusedBeforeTheFirst(int length, int beyond)
    {
        // As one deep inside another workflow has.
        WorkflowId id = new string('x', length - 4) + "/1.0";
        MemoryJournal journal = new();
        await journal.CreateAsync(new WorkflowHeader { Id = id, Workflow = "endless-map/v1", Input = "0", CreatedAt = DateTimeOffset.UnixEpoch, Owner = "an earlier process" });
        await using ServiceProvider services = new ServiceCollection()
            .AddSheaf(s => s.AddWorkflow<EndlessMap>().AddWorker<EndlessSource>().AddWorker<OddFails>())
            .UseEmbedded(journal)
            .BuildServiceProvider();
        IWorkflowClient client = services.GetRequiredService<IWorkflowClient>();
        // Longer by its place in the workflow: '/2.0'.
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => client.ResultAsync<PagedMapSummary>(id).Within("the map's end"));
        Assert.Equal($"The map's id '{id}/2.0' leaves no room for those of its pages, which are longer: give the workflow that opens it an id of {beyond} characters less.", Assert.Single(failures.Leaves).Exception.Message);
    }
}

[Workflow("endless-map/v1")]
internal sealed class EndlessMap : Workflow<int, PagedMapSummary>
{
    public override Task<PagedMapSummary> RunAsync(int input, WorkflowContext workflow) =>
        workflow.GroupAsync("g", async group => await group.MapPagesAsync("map", Run.Worker<EndlessSource>(), input, Run.Worker<OddFails>(), new() { Policy = GroupPolicy.CollectAll }));
}

[Worker("endless-source/v1")]
internal sealed class EndlessSource : Worker<MapPageRequest<int>, MapPage<int>>
{
    public override Task<MapPage<int>> RunAsync(MapPageRequest<int> input, WorkerContext context, CancellationToken cancellationToken) =>
        Task.FromResult(input.Cursor is null ? new MapPage<int>([1], "cursor 1") : new MapPage<int>([2], "cursor 2"));
}

[Worker("odd-fails/v1")]
internal sealed class OddFails : Worker<int, int>
{
    public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) =>
        input % 2 == 0 ? Task.FromResult(input) : throw new FormatException($"{input} is odd");
}
