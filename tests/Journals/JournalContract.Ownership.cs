using Sheaf.Journal;

namespace Sheaf.Journals;

/// <content>Workflows as such: who has them, which there are, and their end.</content>
public abstract partial class JournalContract
{
    [Fact]
    public async Task Find_UnknownId_GivesNull()
    {
        Assert.Null(await Journal.FindAsync("nobody", Token));
        Assert.Null(await Journal.ClaimAsync("nobody", "host", Token));
        Assert.Empty(await ReadAsync("nobody"));
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
    public async Task ClaimAbandoned_InPages_TakesEachOnceAndSaysWhenThereAreNoMore()
    {
        // The claimer is not among the living: what it takes in one call must not come up again in the same.
        foreach ((string id, string? owner) in ((string, string?)[])[("a", "s1"), ("b", null), ("c", "s2"), ("d", "s1"), ("e", null)])
            await Journal.CreateAsync(Header(id) with { Owner = owner }, Token);
        IReadOnlyList<WorkflowHeader> page = await Journal.ClaimAbandonedAsync(["live", "next"], "next", 3, Token);
        IReadOnlyList<WorkflowHeader> rest = await Journal.ClaimAbandonedAsync(["live", "next"], "next", 3, Token);
        Assert.Equal((3, 2), (page.Count, rest.Count));
        Assert.Equal(["a", "b", "c", "d", "e"], page.Concat(rest).Select(header => header.Id.Value).Order());
        IReadOnlyList<WorkflowHeader> again = await Journal.ClaimAbandonedAsync([], "zz", 10, Token);
        Assert.Equal([("a", 3L), ("b", 3L), ("c", 3L), ("d", 3L), ("e", 3L)], again.Select(header => (header.Id.Value, header.Epoch)));
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
    [Trait("Rule", "D7")]
    public async Task FindOwned_OfAnOwner_GivesWhatItHasAndHasNotEndedOldestFirst()
    {
        foreach ((string id, string? owner) in ((string, string?)[])[("c", "me"), ("b", "other"), ("a", "me"), ("d", null), ("e", "me")])
            await Journal.CreateAsync(Header(id) with { Owner = owner }, Token);
        await Journal.AppendAsync([Commit("e", 1, 0, 1, "[1]") with { EndsAs = WorkflowStatus.Succeeded, EndedAt = CreatedAt }], Token);
        await Journal.ClaimAsync("b", "me", Token);
        await Journal.ClaimAsync("c", "other", Token);
        await Journal.ClaimAsync("a", "me", Token);
        Assert.Equal([new OwnedWorkflow("b", 2), new OwnedWorkflow("a", 2)], await Journal.FindOwnedAsync("me", DateTimeOffset.MaxValue, Token));
        await Journal.ReleaseAsync("me", Token);
        Assert.Empty(await Journal.FindOwnedAsync("me", DateTimeOffset.MaxValue, Token));
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task FindOwned_WhatOnlyWaits_IsThereOnceItIsDue()
    {
        DateTimeOffset due = CreatedAt.AddDays(30);
        foreach ((string id, DateTimeOffset? wakesAt) in ((string, DateTimeOffset?)[])[("waits", due), ("never", DateTimeOffset.MaxValue), ("runs", null)])
        {
            await Journal.CreateAsync(Header(id) with { Owner = "me" }, Token);
            await Journal.AppendAsync([Commit(id, 1, 0, 1, "[1]") with { WakesAt = wakesAt }], Token);
        }

        Assert.Equal(["runs"], await IdsAsync(due.AddTicks(-1)));
        Assert.Equal(["waits", "runs"], await IdsAsync(due));
        Assert.Equal(["waits", "never", "runs"], await IdsAsync(DateTimeOffset.MaxValue));

        async Task<IEnumerable<string>> IdsAsync(DateTimeOffset dueBy) => (await Journal.FindOwnedAsync("me", dueBy, Token)).Select(owned => owned.Id.Value);
    }

    [Fact]
    [Trait("Rule", "D7")]
    public async Task WakesAt_OfACommit_IsInTheHeaderUntilTheNext()
    {
        DateTimeOffset wakesAt = CreatedAt.AddDays(30);
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.CreateAsync(Header("b"), Token);
        Assert.Null((await Journal.FindAsync("a", Token))!.WakesAt);
        // A commit of no entries, beside others: nothing of it is read.
        Assert.Equal(
            [AppendResult.Accepted, AppendResult.Accepted, AppendResult.Accepted],
            await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]"), Wakes("a", 1, 1, wakesAt), Wakes("b", 1, 0, DateTimeOffset.MaxValue)], Token));
        Assert.Equal(wakesAt, (await Journal.FindAsync("a", Token))!.WakesAt);
        Assert.Equal(DateTimeOffset.MaxValue, (await Journal.FindAsync("b", Token))!.WakesAt);
        Assert.Single(await ReadAsync("a"));
        Assert.Equal([wakesAt, DateTimeOffset.MaxValue], (await Journal.ClaimAbandonedAsync(["me"], "me", 10, Token)).Select(header => header.WakesAt!.Value));
        Assert.Equal(wakesAt, (await Journal.ClaimAsync("a", "other", Token))!.WakesAt);
        Assert.Equal([AppendResult.Accepted], await Journal.AppendAsync([Commit("a", 3, 1, 1, "[2]")], Token));
        Assert.Null((await Journal.FindAsync("a", Token))!.WakesAt);
        // Several at once, of which the last counts.
        await Journal.AppendAsync([Wakes("b", 2, 0, wakesAt), Commit("b", 2, 0, 1, "[3]"), Wakes("a", 3, 2, wakesAt)], Token);
        Assert.Equal((null, wakesAt), ((await Journal.FindAsync("b", Token))!.WakesAt, (await Journal.FindAsync("a", Token))!.WakesAt));
        await Journal.AppendAsync([Commit("a", 3, 2, 1, "[4]") with { EndsAs = WorkflowStatus.Succeeded, EndedAt = CreatedAt }], Token);
        Assert.Null((await Journal.FindAsync("a", Token))!.WakesAt);
    }

    [Fact]
    [Trait("Rule", "D5")]
    public async Task WakesAt_OfAStaleOwner_IsRefused()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 1, "[1]")], Token);
        await Journal.ClaimAsync("a", "other", Token);
        Assert.Equal([AppendResult.Stale], await Journal.AppendAsync([Wakes("a", 1, 1, CreatedAt)], Token));
        // Nor may one that has not seen the last entry say that there is nothing to do.
        Assert.Equal([AppendResult.Stale, AppendResult.Stale], await Journal.AppendAsync([Wakes("a", 2, 0, CreatedAt), Wakes("a", 1, 1, CreatedAt)], Token));
        Assert.Null((await Journal.FindAsync("a", Token))!.WakesAt);
        Assert.Equal([AppendResult.Accepted], await Journal.AppendAsync([Wakes("a", 2, 1, CreatedAt)], Token));
        // Who gives up what it owns does not change what it has to do.
        await Journal.ReleaseAsync("other", Token);
        Assert.Equal(CreatedAt, (await Journal.FindAsync("a", Token))!.WakesAt);
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
    [Trait("Rule", "D11")]
    public async Task Trim_OfARunningWorkflow_DeletesWhatEndsBeforeAndSequencesGoOn()
    {
        await Journal.CreateAsync(Header("a"), Token);
        await Journal.CreateAsync(Header("b"), Token);
        await Journal.AppendAsync([Commit("a", 1, 0, 2, "[1,2]"), Commit("a", 1, 2, 2, "[3,4]"), Commit("a", 1, 4, 1, "[5]"), Commit("b", 1, 0, 1, "[6]")], Token);
        await Journal.TrimAsync("a", 3, Token);
        Assert.Equal([2, 4], (await ReadAsync("a")).Select(commit => commit.First));
        await Journal.TrimAsync("a", 4, Token);
        Assert.Equal([4], (await ReadAsync("a")).Select(commit => commit.First));
        Assert.Equal([AppendResult.Accepted], await Journal.AppendAsync([Commit("a", 1, 5, 1, "[7]")], Token));
        Assert.Equal([4, 5], (await ReadAsync("a")).Select(commit => commit.First));
        Assert.Single(await ReadAsync("b"));
        await Journal.TrimAsync("nobody", 4, Token);
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
}
