using System.Text;
using Sheaf.Journal;

namespace Sheaf.Journals;

/// <summary>What every store has to do (D5 to D7, D9), stated once; a thin class a store.</summary>
public abstract partial class JournalContract
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
    public async Task Create_TheLongestIdThatAWorkflowMakes_IsFoundAgain()
    {
        WorkflowId id = new string('界', 596) + "/1.0";
        Assert.True((await Journal.CreateAsync(Header(id.Value), Token)).Created);
        Assert.Equal(id, (await Journal.FindAsync(id, Token))!.Id);
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
    [Trait("Rule", "D5")]
    public async Task Append_SeveralOfOneWorkflow_AreJudgedInTheirOrder()
    {
        await Journal.CreateAsync(Header("a"), Token);
        IReadOnlyList<AppendResult> results = await Journal.AppendAsync(
            [
                Commit("a", 1, 1, 1, "[9]"),
                Commit("a", 1, 0, 1, "[0]"),
                Commit("a", 1, 0, 1, "[9]"),
                Commit("a", 1, 1, 1, "[1]") with { EndsAs = WorkflowStatus.Succeeded, EndedAt = CreatedAt },
                Commit("a", 1, 2, 1, "[9]"),
            ],
            Token);
        Assert.Equal([AppendResult.Stale, AppendResult.Accepted, AppendResult.Stale, AppendResult.Accepted, AppendResult.Stale], results);
        Assert.Equal([(0L, 1, "[0]"), (1L, 1, "[1]")], await ReadAsync("a"));
        Assert.Equal(WorkflowStatus.Succeeded, (await Journal.FindAsync("a", Token))!.Status);
    }

    [Fact]
    public async Task Append_OfNothing_AnswersNothing() => Assert.Empty(await Journal.AppendAsync([], Token));

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
    [Trait("Rule", "D7")]
    public async Task Append_ThatCreatesSeveral_JudgesThemInTheirOrder()
    {
        IReadOnlyList<AppendResult> results = await Journal.AppendAsync(
            [
                Commit("b", 1, 0, 1, "[9]"),
                Commit("c", 1, 0, 1, "[1]") with { Creates = Header("c") with { Owner = null } },
                Commit("b", 1, 0, 1, "[2]") with { Creates = Header("b") },
                Commit("a", 1, 0, 0, "[]") with { Creates = Header("a") with { Owner = "other" } },
                Commit("b", 1, 0, 1, "[9]") with { Creates = Header("b") with { Owner = "somebody" } },
                Commit("b", 1, 1, 1, "[3]"),
            ],
            Token);
        Assert.Equal([AppendResult.Stale, AppendResult.Accepted, AppendResult.Accepted, AppendResult.Accepted, AppendResult.Taken, AppendResult.Accepted], results);
        Assert.Equal(["c", "b", "a"], await ListAsync(null));
        Assert.Equal([null, "host", "other"], (await Task.WhenAll(Journal.FindAsync("c", Token), Journal.FindAsync("b", Token), Journal.FindAsync("a", Token))).Select(header => header!.Owner));
        Assert.Equal([(0L, 1, "[2]"), (1L, 1, "[3]")], await ReadAsync("b"));
        Assert.Empty(await ReadAsync("a"));
    }

    [Fact]
    public async Task Values_OfAnyText_ComeBackAsTheyWere()
    {
        // U+0000 and half a surrogate pair are escapes in JSON; ids are told apart to the last space.
        const string Body = """[{"$":"x","text":"a\u0000b"},{"$":"x","text":"\ud800"},"𝄞 ' \\ \" $1 :name ? {"]""";
        string[] ids = ["id", "ID", "id ", "𝄞", "\uffee", "' \"; --", "é", "e\u0301"];
        foreach (string id in ids)
        {
            WorkflowHeader header = Header(id) with { Input = Body, Owner = id };
            Assert.Equal([AppendResult.Accepted], await Journal.AppendAsync([Commit(id, 1, 0, 3, Body) with { Creates = header }], Token));
            Assert.Equal(header, await Journal.FindAsync(id, Token));
            Assert.Equal([(0L, 3, Body)], await ReadAsync(id));
        }

        Assert.Equal(ids.Length, (await Journal.AppendAsync([.. ids.Select(id => Commit(id, 1, 3, 1, "[1]"))], Token)).Count(result => result == AppendResult.Accepted));
        Assert.Equal(ids, (await Journal.ClaimAbandonedAsync([], "next", 10, Token)).OrderBy(header => Array.IndexOf(ids, header.Id.Value)).Select(header => header.Id.Value));
    }

    [Fact]
    [Trait("Rule", "D10")]
    public async Task Append_OfALargeBody_IsReadWhole()
    {
        string body = $"[\"{string.Concat(Enumerable.Range(0, 500_000).Select(i => (char)('a' + (i * 7919L % 26))))}三\"]";
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 1, body), Commit("a", 1, 1, 1, body)], Token);
        await Journal.AppendAsync([Commit("a", 1, 2, 1, body)], Token);
        Assert.Equal([(0L, 1, body), (1L, 1, body), (2L, 1, body)], await ReadAsync("a"));
    }

    [Fact]
    public async Task Read_LeftEarlyOrBesideAnAppend_DisturbsNobody()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([.. Enumerable.Range(0, 500).Select(i => Commit("a", 1, i, 1, $"[\"{new string('x', 1000)}\"]"))], Token);
        for (int i = 0; i < 5; i++)
        {
            await foreach (JournalCommit commit in Journal.ReadAsync("a", 100, Token))
            {
                Assert.Equal(100, commit.FirstSequence);
                Assert.Equal([AppendResult.Accepted], await Journal.AppendAsync([Commit("a", 1, 500 + i, 1, "[1]")], Token));
                break;
            }

            await foreach (WorkflowHeader header in Journal.ListAsync(null, Token))
            {
                Assert.Equal("a", header.Id.Value);
                break;
            }
        }

        Assert.Equal(505, (await ReadAsync("a")).Count);
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
    public async Task Calls_WithASignalledToken_DoNothing()
    {
        CancellationToken signalled = new(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.CreateAsync(Header("a"), signalled));
        Assert.Null(await Journal.FindAsync("a", Token));
        await Journal.CreateAsync(Header("a"), Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]") with { EndsAs = WorkflowStatus.Succeeded, EndedAt = CreatedAt }], signalled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.ClaimAsync("a", "other", signalled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.ClaimAbandonedAsync([], "other", 1, signalled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.ReleaseAsync("host", signalled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.PurgeAsync(CreatedAt, 1, signalled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.FindAsync("a", signalled));
        Assert.Equal(Header("a"), await Journal.FindAsync("a", Token));
    }

    protected static WorkflowHeader Header(string id) => new() { Id = id, Workflow = "work/v1", Input = "{\"n\":1}", CreatedAt = CreatedAt, Owner = "host", Epoch = 1 };

    protected static JournalCommit Commit(string id, long epoch, long first, int count, string body) => new(id, epoch, first, count, Encoding.UTF8.GetBytes(body));

    protected static JournalCommit Wakes(string id, long epoch, long first, DateTimeOffset at) => Commit(id, epoch, first, 0, "[]") with { WakesAt = at };

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
