namespace Sheaf.Conformance;

/// <summary>R15: a durable map over a source that is read page by page.</summary>
[Needs(Capabilities.Durable)]
public abstract class PagedMapConformance<THost> : DurableTests<THost>
    where THost : DurableHost, new()
{
    private static readonly Func<SheafBuilder, SheafBuilder> AddMap = sheaf => sheaf.AddWorkflow<PagedMapWorkflow>().AddWorker<PageSource>().AddWorker<PageWorker>().AddWorker<PageSpawned>();

    [Theory]
    [Trait("Rule", "R15")]
    [InlineData(1, 0)]
    [InlineData(1, 5)]
    [InlineData(3, 4)]
    [InlineData(2, 700)]
    public async Task Pages_AllSucceed_GiveCountersAndTheOutcomesInTheirOrder(int pages, int items)
    {
        HostProcess process = await StartAsync(configure: AddMap);
        PagedMapSummary summary = await RunAsync(process, new PagesPlan(Stage.Id, pages, items));
        Assert.Equal((pages, pages * items, 0L), (summary.Pages, summary.Succeeded, summary.Failed));
        Assert.Null(summary.Failures);
        List<MapPageOutcomes<int>> read = await ReadAsync(process, summary.Workflow);
        Assert.Equal(Enumerable.Range(0, pages), read.Select(page => page.Page));
        Assert.Equal(Enumerable.Range(0, pages * items).Select(i => i * 2), read.SelectMany(page => page.Outcomes).Select(outcome => outcome.Value));
        Assert.All(read, page => Assert.Equal(Enumerable.Range(0, items), page.Outcomes.Select(outcome => outcome.Place)));
        Assert.Equal(pages * items, Stage.CountOf("ran"));
    }

    [Fact]
    [Trait("Rule", "D11")]
    [Trait("Rule", "R15")]
    public async Task Pages_HoweverMany_LeaveTheSameJournals()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        PagedMapSummary few = await RunAsync(process, new PagesPlan(Stage.Id, 2, 3), "few");
        PagedMapSummary many = await RunAsync(process, new PagesPlan(Stage.Id, 20, 3), "many");
        Assert.Equal(20, many.Pages);
        Assert.Equal(await LengthAsync("few"), await LengthAsync("many"));
        Assert.Equal(await LengthAsync(few.Workflow), await LengthAsync(many.Workflow));

        async Task<long> LengthAsync(WorkflowId id) => (await process.Client.DescribeAsync(id))!.JournalLength;
    }

    [Fact]
    [Trait("Rule", "R3")]
    [Trait("Rule", "R15")]
    public async Task Pages_FailFast_EndWithTheFirstFailureAndItsPlace()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, new PagesPlan(Stage.Id, 5, 4) { Fails = [6] }));
        FailureLeaf leaf = Assert.Single(failures.Leaves);
        Assert.Equal("item 6", leaf.Exception.Message);
        Assert.Contains("page[1]", leaf.Origins[0].Path);
        Assert.Equal("[2]", leaf.Origins[0].Path[^1]);
        Assert.InRange(Stage.CountOf("read"), 2, 3);
        Assert.InRange(Stage.CountOf("ran"), 5, 8);
    }

    [Fact]
    [Trait("Rule", "R10")]
    [Trait("Rule", "R15")]
    public async Task Pages_CollectAll_RunAllAndThrowEveryFailure()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, new PagesPlan(Stage.Id, 4, 5) { Policy = GroupPolicy.CollectAll, Fails = [2, 3, 17] }));
        Assert.Equal(["item 17", "item 2", "item 3"], failures.Leaves.Select(leaf => leaf.Exception.Message).Order(StringComparer.Ordinal));
        Assert.All(failures.Leaves, leaf => Assert.IsType<FormatException>(leaf.Exception));
        Assert.Contains(failures.Leaves, leaf => leaf.Origins[0].Path.Contains("page[3]") && leaf.Origins[0].Path[^1] == "[2]");
        Assert.Equal(20, Stage.CountOf("ran"));
    }

    [Fact]
    [Trait("Rule", "E4")]
    [Trait("Rule", "R10")]
    [Trait("Rule", "R15")]
    public async Task Pages_Settle_GiveTheFailuresWithTheCountersAndEachOutcome()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        PagedMapSummary summary = await RunAsync(process, new PagesPlan(Stage.Id, 3, 5) { Policy = GroupPolicy.Settle, Fails = [0, 7, 8], InputsPerChild = 2 });
        Assert.Equal((3, 12L, 3L, 15L), (summary.Pages, summary.Succeeded, summary.Failed, summary.Total));
        Assert.Equal(["item 0", "item 7", "item 8"], summary.Failures!.Leaves.Select(leaf => leaf.Exception.Message).Order(StringComparer.Ordinal));
        FailureOrigin origin = Assert.Single(summary.Failures!.Leaves, leaf => leaf.Exception.Message == "item 7").Origins[0];
        Assert.Equal(["page[1]", "pages[2..3]", "[2]"], origin.Path);
        Assert.Equal("page-worker/v1", origin.Worker);

        List<MapOutcome<int>> outcomes = [.. (await ReadAsync(process, summary.Workflow)).SelectMany(page => page.Outcomes)];
        Assert.Equal([0, 7, 8], Enumerable.Range(0, 15).Where(i => outcomes[i].Kind == OutcomeKind.Failed));
        Assert.Equal("item 7", Assert.IsType<FormatException>(outcomes[7].Exception).Message);
        Assert.Throws<InvalidOperationException>(() => outcomes[7].Value);
        Assert.True(outcomes[9].TryGetValue(out int value));
        Assert.Equal(18, value);
    }

    [Fact]
    [Trait("Rule", "E7")]
    [Trait("Rule", "R15")]
    public async Task Pages_ManyFailures_AreBoundedAndCounted()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        PagedMapSummary summary = await RunAsync(process, new PagesPlan(Stage.Id, 6, 50) { Policy = GroupPolicy.Settle, Fails = [.. Enumerable.Range(0, 300)], MaxFailures = 10 });
        Assert.Equal((0L, 300L), (summary.Succeeded, summary.Failed));
        Assert.Equal(300, summary.Failures!.LeafCount);
        Assert.Equal(10, summary.Failures!.Leaves.Count(leaf => leaf.Exception is FormatException));
        Assert.Equal(290, summary.Failures!.Leaves.Select(leaf => leaf.Exception).OfType<OmittedFailures>().Sum(omitted => omitted.Count));
    }

    [Theory]
    [Trait("Rule", "R15")]
    [InlineData(GroupPolicy.FailFast)]
    [InlineData(GroupPolicy.CollectAll)]
    [InlineData(GroupPolicy.Settle)]
    public async Task Pages_SourceFails_EndUnderEveryPolicyWithWhatFailedBefore(GroupPolicy policy)
    {
        HostProcess process = await StartAsync(configure: AddMap);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, new PagesPlan(Stage.Id, 5, 2) { Policy = policy, Fails = policy == GroupPolicy.FailFast ? [] : [1], SourceFailsAt = 2 }));
        Assert.Equal(policy == GroupPolicy.FailFast ? ["page 2"] : ["item 1", "page 2"], failures.Leaves.Select(leaf => leaf.Exception.Message));
    }

    [Theory]
    [Trait("Rule", "R4")]
    [Trait("Rule", "R15")]
    [InlineData(GroupPolicy.CollectAll)]
    [InlineData(GroupPolicy.Settle)]
    public async Task Pages_SourceTimesOut_EndWithThatFailureAndWhatFailedBefore(GroupPolicy policy)
    {
        HostProcess process = await StartAsync(configure: AddMap);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, new PagesPlan(Stage.Id, 5, 2) { Policy = policy, Fails = [1], SourceTimesOutAt = 2 }));
        Assert.Equal(["item 1", "page 2"], failures.Leaves.Select(leaf => leaf.Exception.Message));
    }

    [Fact]
    [Trait("Rule", "R12")]
    [Trait("Rule", "R15")]
    public async Task Pages_RetryPolicy_IsThatOfTheItemsAndOfTheSource()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        PagedMapSummary summary = await RunAsync(process, new PagesPlan(Stage.Id, 3, 2) { FailsFirst = [3], SourceFailsFirstAt = 1, Attempts = 2 });
        Assert.Equal(6, summary.Succeeded);
        Assert.Equal(4, Stage.CountOf("read"));
        Assert.Equal(7, Stage.CountOf("ran"));
    }

    [Fact]
    [Trait("Rule", "R11")]
    [Trait("Rule", "R15")]
    public async Task Pages_MaxConcurrency_HoldsWithinAPage()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        PagedMapSummary summary = await RunAsync(process, new PagesPlan(Stage.Id, 2, 40) { MaxConcurrency = 4, InputsPerChild = 2 });
        Assert.Equal(80, summary.Succeeded);
        Assert.InRange(Stage.MostRunning, 1, 4);
    }

    [Fact]
    [Trait("Rule", "R15")]
    public async Task Pages_SourceGivesNone_SaysWhichAndTheRemedy()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => RunAsync(process, new PagesPlan(Stage.Id, 3, 2) { SourceGivesNoneAt = 1 }));
        string message = Assert.Single(failures.Leaves).Exception.Message;
        Assert.Contains("'page-source/v1' gave no page of map 'pages'", message, StringComparison.Ordinal);
        Assert.Contains("MapPage", message, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "R5")]
    [Trait("Rule", "R15")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_Cancelled_EndEveryPageAndKeepWhatFailed(bool failed)
    {
        HostProcess process = await StartAsync(configure: AddMap);
        await process.Client.StartAsync(Run.Workflow<PagedMapWorkflow>(), Stage.Id, new PagesPlan(Stage.Id, 9, 3) { Policy = GroupPolicy.CollectAll, Fails = failed ? [1] : [], WaitsAt = 4 });
        await Stage.ReachedAsync("waits");
        Assert.True(await process.Client.CancelAsync(Stage.Id, "enough"));
        Task<PagedMapSummary> result = Stage.GuardAsync(process.Client.ResultAsync<PagedMapSummary>(Stage.Id), "the map's end");
        if (failed) Assert.Equal("item 1", Assert.Single((await Assert.ThrowsAsync<ExceptionGroup>(() => result)).Leaves).Exception.Message);
        else await Assert.ThrowsAnyAsync<OperationCanceledException>(() => result);
        Assert.Equal(1, Stage.CountOf("cancelled"));
    }

    [Fact]
    [Trait("Rule", "R5")]
    [Trait("Rule", "R15")]
    public async Task Pages_CancelledWhileTheSourceReadsOn_KeepWhatFailed()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        await process.Client.StartAsync(Run.Workflow<PagedMapWorkflow>(), Stage.Id, new PagesPlan(Stage.Id, 9, 3) { Policy = GroupPolicy.CollectAll, Fails = [1], SourceWaitsAt = 3 });
        await Stage.ReachedAsync("source waits");
        Assert.True(await process.Client.CancelAsync(Stage.Id, "enough"));
        await Stage.ReachedAsync("source cancelled");
        Stage.Open("source");
        Task<PagedMapSummary> result = Stage.GuardAsync(process.Client.ResultAsync<PagedMapSummary>(Stage.Id), "the map's end");
        Assert.Equal("item 1", Assert.Single((await Assert.ThrowsAsync<ExceptionGroup>(() => result)).Leaves).Exception.Message);
    }

    [Fact]
    [Trait("Rule", "E4")]
    [Trait("Rule", "R5")]
    [Trait("Rule", "R15")]
    public async Task Pages_CancelledAfterFailuresInSeveralPages_KeepThemOnceAndInOrder()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        await process.Client.StartAsync(Run.Workflow<PagedMapWorkflow>(), Stage.Id, new PagesPlan(Stage.Id, 9, 3) { Policy = GroupPolicy.CollectAll, Fails = [1, 3], WaitsAt = 4, InputsPerChild = 3 });
        await Stage.ReachedAsync("item 3");
        await Stage.ReachedAsync("waits");
        Assert.True(await process.Client.CancelAsync(Stage.Id, "enough"));
        Task<PagedMapSummary> result = Stage.GuardAsync(process.Client.ResultAsync<PagedMapSummary>(Stage.Id), "the map's end");
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => result);
        Assert.Equal(["item 1", "item 3"], failures.Leaves.Select(leaf => leaf.Exception.Message));
        Assert.All(failures.Leaves, leaf => Assert.Single(leaf.Origins));
    }

    [Fact]
    [Trait("Rule", "R7")]
    [Trait("Rule", "R15")]
    public async Task Pages_DeadlinePassesAfterFailures_EndWithBoth()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        await process.Client.StartAsync(Run.Workflow<PagedMapWorkflow>(), Stage.Id, new PagesPlan(Stage.Id, 9, 3) { Policy = GroupPolicy.CollectAll, Fails = [1], WaitsAt = 4, Deadline = Seconds(10) });
        await Stage.ReachedAsync("waits");
        await PassAsync(Seconds(10));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => Stage.GuardAsync(process.Client.ResultAsync<PagedMapSummary>(Stage.Id), "the map's end"));
        Assert.Equal([typeof(FormatException), typeof(DeadlineExceededException)], failures.Leaves.Select(leaf => leaf.Exception.GetType()));
    }

    [Theory]
    [Trait("Rule", "R15")]
    [InlineData("fail as others", "shared")]
    [InlineData("fail as others and more", "shared", "own")]
    public async Task Pages_ManyItemsFailWithOneInstance_HaveItEach(string failsWith, params string[] messages)
    {
        HostProcess process = await StartAsync(configure: AddMap);
        PagedMapSummary summary = await RunAsync(process, new PagesPlan(Stage.Id, 1, 150) { Policy = GroupPolicy.Settle, InputsPerChild = 150, Fails = [.. Enumerable.Range(0, 150)], FailsWith = failsWith });
        Assert.Equal(150, summary.Failed);
        Assert.Single(summary.Failures!.Leaves, leaf => leaf.Exception.Message == "shared");
        IReadOnlyList<MapOutcome<int>> outcomes = Assert.Single(await ReadAsync(process, summary.Workflow)).Outcomes;
        Assert.All(outcomes, outcome => Assert.NotNull(outcome.Exception));
        Assert.All(outcomes, outcome => Assert.Equal(messages, ExceptionGroup.From(outcome.Exception!).Leaves.Select(leaf => leaf.Exception.Message)));
    }

    [Fact]
    [Trait("Rule", "E6")]
    [Trait("Rule", "R15")]
    public async Task Pages_ItemsFailWithARegisteredType_GiveThatTypeEverywhere()
    {
        HostProcess process = await StartAsync(configure: sheaf => AddMap(sheaf).AddException((message, inner) => new PageException(message, inner)));
        PagedMapSummary summary = await RunAsync(process, new PagesPlan(Stage.Id, 3, 2) { Policy = GroupPolicy.Settle, Fails = [1, 2], FailsWith = "fail with its own type" });
        Assert.All((await ReadAsync(process, summary.Workflow)).SelectMany(page => page.Outcomes).Where(outcome => !outcome.IsSuccess), outcome => Assert.IsType<PageException>(outcome.Exception));
        Assert.All(summary.Failures!.Leaves, leaf => Assert.IsType<PageException>(leaf.Exception));
    }

    [Fact]
    [Trait("Rule", "D10")]
    [Trait("Rule", "R15")]
    public async Task Pages_TypesOfASourceGeneratedContext_NeedNoOther()
    {
        HostProcess process = await StartAsync(configure: sheaf => AddMap(sheaf).UseOptions(new SheafOptions { SerializerOptions = new() { TypeInfoResolver = PagesJson.Default } }));
        PagedMapSummary summary = await RunAsync(process, new PagesPlan(Stage.Id, 2, 2) { Policy = GroupPolicy.Settle, Fails = [1] });
        Assert.Equal("item 1", Assert.IsType<FormatException>(Assert.Single(summary.Failures!.Leaves).Exception).Message);
        Assert.Equal([0, 4, 6], (await ReadAsync(process, summary.Workflow)).SelectMany(page => page.Outcomes).Where(outcome => outcome.IsSuccess).Select(outcome => outcome.Value));
    }

    [Fact]
    [Trait("Rule", "E5")]
    [Trait("Rule", "R15")]
    public async Task Pages_FailureIsAGroup_IsTheSameHoweverManyPagesFollow()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        PagedMapSummary one = await RunAsync(process, new PagesPlan(Stage.Id, 1, 2) { Policy = GroupPolicy.Settle, Fails = [1], FailsWith = "fail with a group" }, "one");
        PagedMapSummary many = await RunAsync(process, new PagesPlan(Stage.Id, 12, 2) { Policy = GroupPolicy.Settle, Fails = [.. Enumerable.Range(1, 23)], FailsWith = "fail with a group", InputsPerChild = 2 }, "many");
        Assert.Equal(Strip(Failure.From(one.Failures!.InnerExceptions[0])), Strip(Failure.From(many.Failures!.InnerExceptions[0])));

        static string Strip(Failure failure) => $"{failure.TypeName} {failure.Message} {failure.StackTrace}: {string.Join(", ", failure.Inner.Select(Strip))}";
    }

    [Fact]
    [Trait("Rule", "R7")]
    [Trait("Rule", "R15")]
    public async Task Pages_DeadlinePasses_EndWithIt()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        await process.Client.StartAsync(Run.Workflow<PagedMapWorkflow>(), Stage.Id, new PagesPlan(Stage.Id, 9, 3) { WaitsAt = 4, Deadline = Seconds(10) });
        await Stage.ReachedAsync("waits");
        await PassAsync(Seconds(10));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => Stage.GuardAsync(process.Client.ResultAsync<PagedMapSummary>(Stage.Id), "the map's end"));
        Assert.IsType<DeadlineExceededException>(Assert.Single(failures.Leaves).Exception);
    }

    [Fact]
    [Trait("Rule", "R2")]
    [Trait("Rule", "R15")]
    public async Task Pages_WhatWorkersSpawn_CountsWithItsFailures()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        PagedMapSummary summary = await RunAsync(process, new PagesPlan(Stage.Id, 2, 2) { Policy = GroupPolicy.Settle, Spawns = [1] });
        Assert.Equal((4L, 0L), (summary.Succeeded, summary.Failed));
        Assert.Equal("spawned", Assert.Single(summary.Failures!.Leaves).Exception.Message);
    }

    [Fact]
    [Trait("Rule", "D1")]
    [Trait("Rule", "D2")]
    [Trait("Rule", "R15")]
    public async Task Pages_ProcessEndsInTheMiddle_GoOnWhereTheyWere()
    {
        HostProcess first = await StartAsync(configure: AddMap);
        await first.Client.StartAsync(Run.Workflow<PagedMapWorkflow>(), Stage.Id, new PagesPlan(Stage.Id, 4, 3) { WaitsAt = 7, InputsPerChild = 1 });
        await Stage.ReachedAsync("waits");
        await EndAsync(first);
        Stage.Open("pages");
        HostProcess second = await StartAsync(configure: AddMap);
        PagedMapSummary summary = await Stage.GuardAsync(second.Client.ResultAsync<PagedMapSummary>(Stage.Id), "the map's end");
        Assert.Equal((4, 12L), (summary.Pages, summary.Succeeded));
        // Items of pages that had ended did not run again.
        Assert.All(Enumerable.Range(0, 6), item => Assert.Equal(1, Stage.CountOf($"item {item}")));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => i * 2), (await ReadAsync(second, summary.Workflow)).SelectMany(page => page.Outcomes).Select(outcome => outcome.Value));
        await AssertOneOutcomeAChildAsync(second, Stage.Id);
    }

    [Fact]
    [Trait("Rule", "R15")]
    public async Task Read_WhileTheMapGoesOn_GivesThePagesThatHaveEnded()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        WorkflowId map = await RunIntoTheThirdPageAsync(process);
        Assert.Equal([0, 1], (await ReadAsync(process, map)).Select(page => page.Page));
        Assert.Equal([1], (await ReadAsync(process, map, firstPage: 1)).Select(page => page.Page));
        Assert.Empty(await ReadAsync(process, map, firstPage: 2));
        Assert.Empty(await ReadAsync(process, map, firstPage: 100));
        Stage.Open("pages");
        await Stage.GuardAsync(process.Client.ResultAsync<PagedMapSummary>(Stage.Id), "the map's end");
        Assert.Equal([0, 1, 2, 3], (await ReadAsync(process, map)).Select(page => page.Page));
    }

    [Fact]
    [Trait("Rule", "R15")]
    public async Task Read_OfWhatIsNoMap_SaysSo()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        await RunAsync(process, new PagesPlan(Stage.Id, 1, 1));
        Assert.Contains("no map over pages", (await Assert.ThrowsAsync<InvalidOperationException>(() => ReadAsync(process, Stage.Id))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => ReadAsync(process, $"{Stage.Id}-missing"));
    }

    [Fact]
    [Trait("Rule", "R15")]
    public async Task Read_PageWasPurged_SaysWhich()
    {
        HostProcess process = await StartAsync(configure: AddMap);
        WorkflowId map = await RunIntoTheThirdPageAsync(process);
        Assert.Equal(2, await Journal.PurgeAsync(Host.Time.GetUtcNow() + Seconds(1), 10));
        Assert.Contains("Page 0", (await Assert.ThrowsAsync<KeyNotFoundException>(() => ReadAsync(process, map))).Message, StringComparison.Ordinal);
        Assert.Empty(await ReadAsync(process, map, firstPage: 2));
    }

    /// <summary>Starts a map of four pages of three, whose third page waits for its gate.</summary>
    /// <returns>The map's workflow.</returns>
    private async Task<WorkflowId> RunIntoTheThirdPageAsync(HostProcess process)
    {
        await process.Client.StartAsync(Run.Workflow<PagedMapWorkflow>(), Stage.Id, new PagesPlan(Stage.Id, 4, 3) { WaitsAt = 7 });
        await Stage.ReachedAsync("waits");
        return (await process.Client.DescribeAsync(Stage.Id))!.Children[0].Children[0].Children[0].WorkflowId!;
    }

    private Task<PagedMapSummary> RunAsync(HostProcess process, PagesPlan plan, string? id = null) =>
        Stage.GuardAsync(process.Client.RunAsync(Run.Workflow<PagedMapWorkflow>(), id ?? Stage.Id, plan), "the map's end");

    private Task<List<MapPageOutcomes<int>>> ReadAsync(HostProcess process, WorkflowId map, int firstPage = 0)
    {
        return Stage.GuardAsync(AllAsync(), "the outcomes");

        async Task<List<MapPageOutcomes<int>>> AllAsync()
        {
            List<MapPageOutcomes<int>> pages = [];
            await foreach (MapPageOutcomes<int> page in process.Client.ReadMapAsync<int>(map, firstPage)) pages.Add(page);
            return pages;
        }
    }
}
