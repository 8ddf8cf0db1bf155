namespace Sheaf.Core.Tests.Groups;

/// <summary>R13: the order of ends.</summary>
public sealed class CompletionTests
{
    [Fact]
    [Trait("Rule", "R13")]
    public async Task Completions_ChildrenEndInAnotherOrder_ComeInThatOfTheirEnds()
    {
        TaskCompletionSource a = new();
        TaskCompletionSource b = new();
        List<string> seen = [];
        await TaskGroup.RunAsync(async group =>
        {
            _ = group.Start("a", _ => a.Task);
            _ = group.Start("b", _ => b.Task);
            _ = group.Start("c", _ => Task.CompletedTask);
            await foreach (Outcome outcome in group.Completions)
            {
                seen.Add($"{outcome.Name} {outcome.Kind}");
                if (outcome.Name == "c") b.SetResult();
                if (outcome.Name == "b") _ = group.Start("d", _ => Task.CompletedTask);
                if (outcome.Name == "d") a.SetResult();
            }

            seen.Add("end");
            List<string> again = [];
            await foreach (Outcome outcome in group.Completions) again.Add(outcome.Name);
            Assert.Equal(["c", "b", "d", "a"], again);
        }).Within("the group's end");
        Assert.Equal(["c Succeeded", "b Succeeded", "d Succeeded", "a Succeeded", "end"], seen);
    }

    [Fact]
    [Trait("Rule", "R13")]
    [Trait("Rule", "R16")]
    public async Task Completions_IsolatedChildFails_CountsAsAwaited()
    {
        OutcomeKind kind = await TaskGroup.RunAsync(async group =>
        {
            _ = group.Start("bad", _ => throw new FormatException(), new() { Isolated = true });
            OutcomeKind found = default;
            await foreach (Outcome outcome in group.Completions) found = outcome.Kind;
            return found;
        }).Within("the group's end");
        Assert.Equal(OutcomeKind.Failed, kind);
    }

    [Fact]
    [Trait("Rule", "R13")]
    public async Task Completions_ChildFails_StreamGoesOnToTheLast()
    {
        List<string> seen = [];
        await Guard.Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
        {
            _ = group.Start("waits", Guard.Forever);
            _ = group.Start("bad", async _ =>
            {
                await Task.Yield();
                throw new FormatException();
            });
            await foreach (Outcome outcome in group.Completions) seen.Add($"{outcome.Name} {outcome.Kind}");
        }));
        Assert.Equal(["bad Failed", "waits Cancelled"], seen.Order());
    }

    [Fact]
    [Trait("Rule", "R13")]
    public async Task Completions_NothingStarted_EndsAtOnce() => await TaskGroup.RunAsync(async group =>
    {
        await foreach (Outcome outcome in group.Completions) Assert.Fail($"Nothing was started, and {outcome.Name} ended.");
    }).Within("the group's end");

    [Fact]
    [Trait("Rule", "R13")]
    public async Task Completions_ReadersTokenIsSignalled_EndsTheReadingOnly()
    {
        using CancellationTokenSource reader = new();
        TaskCompletionSource gate = new();
        string value = await TaskGroup.RunAsync(async group =>
        {
            ChildTask<string> child = group.Start("a", async _ =>
            {
                await gate.Task;
                return "v";
            });
            ValueTask<bool> next = group.Completions.GetAsyncEnumerator(reader.Token).MoveNextAsync();
            await reader.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.AsTask());
            gate.SetResult();
            return await child;
        }).Within("the group's end");
        Assert.Equal("v", value);
    }

    [Fact]
    [Trait("Rule", "R13")]
    public async Task Completions_ManyChildrenEndAtOnce_EachIsSeenOnce()
    {
        const int Children = 2_000;
        HashSet<int> seen = [];
        await TaskGroup.RunAsync(async group =>
        {
            // The first half ends, perhaps, before anybody reads; the rest as somebody does.
            for (int i = 0; i < Children / 2; i++) _ = group.Start(async _ => await Task.Yield());
            Assert.True(await group.Completions.GetAsyncEnumerator().MoveNextAsync());
            for (int i = 0; i < Children / 2; i++) _ = group.Start(async _ => await Task.Yield());
            await foreach (Outcome outcome in group.Completions) Assert.True(seen.Add(outcome.Ordinal));
        }).Within("the group's end");
        Assert.Equal(Children, seen.Count);
    }
}
