using System.Text;
using Sheaf.Journal;

namespace Sheaf.Journals;

/// <summary>What every store has to do (D5 to D7, D9), stated once; a thin class a store.</summary>
public abstract class JournalContract
{
    // With ticks of 100 ns: a header comes back as it was given.
    private static readonly DateTimeOffset CreatedAt = new DateTimeOffset(2026, 2, 3, 4, 5, 6, 789, TimeSpan.Zero).AddTicks(123);

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected abstract IJournal Journal { get; }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Create_NewId_MakesTheOwnerItsOwner()
    {
        (bool created, WorkflowHeader header) = await Journal.CreateAsync(Header("a"), Token);
        Assert.True(created);
        Assert.Equal(Header("a"), header);
        Assert.Equal(header, await Journal.FindAsync("a", Token));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Create_TakenId_GivesTheOneThatIsThere()
    {
        await Journal.CreateAsync(Header("a"), Token);
        (bool created, WorkflowHeader header) = await Journal.CreateAsync(Header("a") with { Workflow = "other/v1", Input = "2", Owner = "somebody" }, Token);
        Assert.False(created);
        Assert.Equal("work/v1", header.Workflow);
        Assert.Equal("host", header.Owner);
    }

    [Fact]
    public async Task Find_UnknownId_GivesNull()
    {
        Assert.Null(await Journal.FindAsync("nobody", Token));
        Assert.Null(await Journal.ClaimAsync("nobody", "host", Token));
        Assert.Empty(await ReadAsync("nobody"));
    }

    [Fact]
    public async Task Append_InSequence_IsReadInOrder()
    {
        await Journal.CreateAsync(Header("a"), Token);
        Assert.Equal([AppendResult.Accepted, AppendResult.Accepted], await Journal.AppendAsync([Commit("a", 1, 0, 2, "[1,2]"), Commit("a", 1, 2, 1, "[\"三\"]")], Token));
        Assert.Equal([AppendResult.Accepted], await Journal.AppendAsync([Commit("a", 1, 3, 3, "[4,5,6]")], Token));
        Assert.Equal([(0L, 2, "[1,2]"), (2L, 1, "[\"三\"]"), (3L, 3, "[4,5,6]")], await ReadAsync("a"));
        Assert.Equal([(3L, 3, "[4,5,6]")], await ReadAsync("a", from: 3));
        Assert.Equal([(3L, 3, "[4,5,6]")], await ReadAsync("a", from: 5));
        Assert.Empty(await ReadAsync("a", from: 6));
    }

    [Theory]
    [Trait("Rule", "D5")]
    [InlineData(1, 0)]
    [InlineData(3, 1)]
    [InlineData(2, 0)]
    [InlineData(2, 2)]
    public async Task Append_OldEpochOrWrongSequence_IsRefusedAndWritesNothing(long epoch, long first)
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 1, "[0]")], Token);
        Assert.Equal(2, (await Journal.ClaimAsync("a", "other", Token))!.Epoch);
        Assert.Equal([AppendResult.Stale], await Journal.AppendAsync([Commit("a", epoch, first, 1, "[9]")], Token));
        Assert.Equal([(0L, 1, "[0]")], await ReadAsync("a"));
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Append_OneStaleOfSeveral_LosesOnlyItsOwnRows()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.CreateAsync(Header("b"), Token);
        await Journal.ClaimAsync("a", "other", Token);
        IReadOnlyList<AppendResult> results = await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]"), Commit("b", 1, 0, 1, "[2]"), Commit("nobody", 1, 0, 1, "[3]")], Token);
        Assert.Equal([AppendResult.Stale, AppendResult.Accepted, AppendResult.Stale], results);
        Assert.Empty(await ReadAsync("a"));
        Assert.Equal([(0L, 1, "[2]")], await ReadAsync("b"));
    }

    [Fact]
    public async Task Append_WithAnEnd_EndsTheWorkflow()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]") with { EndsAs = WorkflowStatus.Failed, EndedAt = CreatedAt }], Token);
        WorkflowHeader header = (await Journal.FindAsync("a", Token))!;
        Assert.Equal((WorkflowStatus.Failed, (string?)null), (header.Status, header.Owner));
        Assert.Null(await Journal.ClaimAsync("a", "other", Token));
        Assert.Equal([AppendResult.Stale], await Journal.AppendAsync([Commit("a", 1, 1, 1, "[2]")], Token));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Append_ThatCreates_IsOneTransaction()
    {
        WorkflowHeader header = Header("a");
        Assert.Equal([AppendResult.Accepted, AppendResult.Accepted], await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]") with { Creates = header }, Commit("a", 1, 1, 1, "[2]")], Token));
        Assert.Equal(header, await Journal.FindAsync("a", Token));
        Assert.Equal([AppendResult.Taken, AppendResult.Accepted], await Journal.AppendAsync([Commit("a", 1, 0, 1, "[9]") with { Creates = header with { Owner = "somebody" } }, Commit("a", 1, 2, 1, "[3]")], Token));
        Assert.Equal(header, await Journal.FindAsync("a", Token));
        Assert.Equal([(0L, 1, "[1]"), (1L, 1, "[2]"), (2L, 1, "[3]")], await ReadAsync("a"));
    }

    [Fact]
    public async Task Append_ThatCreatesAndEnds_LeavesNothingToClaim()
    {
        DateTimeOffset endedAt = CreatedAt.AddMinutes(1);
        await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]") with { Creates = Header("a"), EndsAs = WorkflowStatus.Succeeded, EndedAt = endedAt }], Token);
        WorkflowHeader header = (await Journal.FindAsync("a", Token))!;
        Assert.Equal((WorkflowStatus.Succeeded, endedAt, (string?)null), (header.Status, header.EndedAt, header.Owner));
        Assert.Empty(await Journal.ClaimAbandonedAsync([], "other", 10, Token));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task ClaimAbandoned_OwnersAliveAndDead_TakesOnlyWhatNoLiveOneHas()
    {
        foreach ((string id, string? owner) in ((string, string?)[])[("a", "dead"), ("b", "alive"), ("c", null), ("d", "gone"), ("e", "dead")])
            await Journal.CreateAsync(Header(id) with { Owner = owner }, Token);
        await Journal.AppendAsync([Commit("e", 1, 0, 1, "[1]") with { EndsAs = WorkflowStatus.Succeeded, EndedAt = CreatedAt }], Token);
        IReadOnlyList<WorkflowHeader> claimed = await Journal.ClaimAbandonedAsync(["alive", "me"], "me", 10, Token);
        Assert.Equal([("a", "me", 2L), ("c", "me", 2L), ("d", "me", 2L)], claimed.Select(header => (header.Id.Value, header.Owner!, header.Epoch)));
        Assert.Equal(claimed[0], await Journal.FindAsync("a", Token));
        Assert.Empty(await Journal.ClaimAbandonedAsync(["alive", "me"], "me", 10, Token));
        Assert.Equal([AppendResult.Stale, AppendResult.Accepted], await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]"), Commit("b", 1, 0, 1, "[2]")], Token));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task ClaimAbandoned_BySeveralAtOnce_GivesEachWorkflowToOne()
    {
        const int Count = 60;
        for (int i = 0; i < Count; i++) await Journal.CreateAsync(Header($"w{i:00}") with { Owner = "dead" }, Token);
        List<WorkflowHeader>[] claimed = await Task.WhenAll(Enumerable.Range(0, 4).Select(claimer => Task.Run(async () =>
        {
            List<WorkflowHeader> mine = [];
            while (await Journal.ClaimAbandonedAsync(["s0", "s1", "s2", "s3"], $"s{claimer}", 7, Token) is { Count: > 0 } page)
            {
                Assert.InRange(page.Count, 1, 7);
                mine.AddRange(page);
            }

            return mine;
        })));
        Assert.Equal(Count, claimed.Sum(mine => mine.Count));
        Assert.Equal(Count, claimed.SelectMany(mine => mine).Select(header => header.Id).Distinct().Count());
        Assert.All(claimed.SelectMany(mine => mine), header => Assert.Equal(2, header.Epoch));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task Release_OfAnOwner_GivesUpAllItHasAndFencesIt()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.CreateAsync(Header("b") with { Owner = "other" }, Token);
        Assert.Equal(1, await Journal.ReleaseAsync("host", Token));
        Assert.Equal(0, await Journal.ReleaseAsync("host", Token));
        Assert.Null((await Journal.FindAsync("a", Token))!.Owner);
        Assert.Equal([AppendResult.Stale, AppendResult.Accepted], await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]"), Commit("b", 1, 0, 1, "[2]")], Token));
        Assert.Equal(["a"], (await Journal.ClaimAbandonedAsync(["other"], "next", 10, Token)).Select(header => header.Id.Value));
    }

    [Fact]
    public async Task Purge_OfEndedWorkflows_DeletesTheOldestFirstAndFreesTheirIds()
    {
        foreach ((string id, int minute) in ((string, int)[])[("c", 3), ("a", 1), ("b", 2), ("later", 9)])
            await Journal.AppendAsync([Commit(id, 1, 0, 1, "[1]") with { Creates = Header(id), EndsAs = WorkflowStatus.Succeeded, EndedAt = CreatedAt.AddMinutes(minute) }], Token);
        await Journal.CreateAsync(Header("running"), Token);
        Assert.Equal(2, await Journal.PurgeAsync(CreatedAt.AddMinutes(9), 2, Token));
        Assert.Equal(["c", "later", "running"], (await ListAsync(null)).Order());
        Assert.Equal(1, await Journal.PurgeAsync(CreatedAt.AddMinutes(9), 2, Token));
        Assert.Equal(["later", "running"], await ListAsync(null));
        Assert.Empty(await ReadAsync("a"));
        Assert.True((await Journal.CreateAsync(Header("a"), Token)).Created);
        Assert.Empty(await ReadAsync("a"));
    }

    [Fact]
    public async Task List_ByStatus_GivesTheOldestFirst()
    {
        foreach (string id in (string[])["c", "a", "b"]) await Journal.CreateAsync(Header(id), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]") with { EndsAs = WorkflowStatus.Succeeded, EndedAt = CreatedAt }], Token);
        Assert.Equal(["c", "a", "b"], await ListAsync(null));
        Assert.Equal(["c", "b"], await ListAsync(WorkflowStatus.Running));
        Assert.Equal(["a"], await ListAsync(WorkflowStatus.Succeeded));
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task Append_RacingWithClaims_NeverLetsAnOldOwnerIn()
    {
        await Journal.CreateAsync(Header("a"), Token);
        int accepted = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (int i = 0; i < 25; i++)
            {
                WorkflowHeader claimed = (await Journal.ClaimAsync("a", $"owner{worker}", Token))!;
                long next = (await ReadAsync("a")).Count;
                // The body names the epoch: in the journal they have to rise.
                if ((await Journal.AppendAsync([Commit("a", claimed.Epoch, next, 1, $"[{claimed.Epoch}]")], Token))[0] == AppendResult.Accepted) Interlocked.Increment(ref accepted);
            }
        })));
        List<(long First, int Count, string Body)> commits = await ReadAsync("a");
        Assert.Equal(accepted, commits.Count);
        Assert.Equal(Enumerable.Range(0, commits.Count).Select(i => (long)i), commits.Select(commit => commit.First));
        long[] epochs = [.. commits.Select(commit => long.Parse(commit.Body.Trim('[', ']'), System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(epochs.Order(), epochs);
    }

    [Fact]
    public async Task Calls_WithASignalledToken_DoNothing()
    {
        CancellationToken signalled = new(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.CreateAsync(Header("a"), signalled));
        Assert.Null(await Journal.FindAsync("a", Token));
    }

    protected static WorkflowHeader Header(string id) => new() { Id = id, Workflow = "work/v1", Input = "{\"n\":1}", CreatedAt = CreatedAt, Owner = "host", Epoch = 1 };

    protected static JournalCommit Commit(string id, long epoch, long first, int count, string body) => new(id, epoch, first, count, Encoding.UTF8.GetBytes(body));

    protected async Task<List<(long First, int Count, string Body)>> ReadAsync(string id, long from = 0)
    {
        List<(long, int, string)> commits = [];
        await foreach (JournalCommit commit in Journal.ReadAsync(id, from, Token)) commits.Add((commit.FirstSequence, commit.Count, Encoding.UTF8.GetString(commit.Body.Span)));
        return commits;
    }

    private async Task<List<string>> ListAsync(WorkflowStatus? status)
    {
        List<string> ids = [];
        await foreach (WorkflowHeader header in Journal.ListAsync(status, Token)) ids.Add(header.Id.Value);
        return ids;
    }
}
