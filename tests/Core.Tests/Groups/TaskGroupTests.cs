namespace Sheaf.Core.Tests.Groups;

public sealed class TaskGroupTests
{
    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_OneChildFails_CancelsTheOthersAndThrowsAll()
    {
        List<string> ended = [];
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
        {
            ChildTask waits = group.Start("waits", async token =>
            {
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                }
                finally
                {
                    ended.Add("waits");
                }
            });
            _ = group.Start("fails", async _ =>
            {
                await Task.Yield();
                throw new FormatException("bad");
            });
            await waits;
        }));
        Assert.Equal("bad", Assert.Single(failures.Leaves).Exception.Message);
        Assert.Equal("fails", Assert.Single(failures.Leaves).Origins[0].ToString());
        Assert.Equal(CancellationCauseKind.SiblingFailed, failures.Cause!.Kind);
        Assert.Equal(["waits"], ended);
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task Start_MoreThanTheWindow_RunsAllAndNeverMoreAtOnce()
    {
        int running = 0, most = 0;
        await TaskGroup.RunAsync(group =>
        {
            for (int i = 0; i < 1000; i++)
            {
                _ = group.Start(async _ =>
                {
                    int now = Interlocked.Increment(ref running);
                    InterlockedMax(ref most, now);
                    await Task.Yield();
                    Interlocked.Decrement(ref running);
                });
            }

            return Task.CompletedTask;
        }, new() { MaxConcurrency = 7 });
        Assert.InRange(most, 1, 7);
        Assert.Equal(0, running);
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task Run_BodyPollsTheCallersToken_IsCancelledAndNoFailure()
    {
        using CancellationTokenSource caller = new();
        // Registered first, so it runs last: inside it the caller's token is signalled, and the group has not been told.
        Task? run = null;
        TaskCompletionSource polled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        run = TaskGroup.RunAsync(async group =>
        {
            CancellationToken token = caller.Token;
            await using CancellationTokenRegistration registration = token.Register(() => polled.SetResult());
            await polled.Task;
            token.ThrowIfCancellationRequested();
        }, null, caller.Token);
        await caller.CancelAsync();
        OperationCanceledException cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        Assert.Equal(caller.Token, cancelled.CancellationToken);
    }

    [Fact]
    [Trait("Rule", "E4")]
    public async Task Of_Outcomes_IsTheGroupOfTheirFailuresWithOrigins()
    {
        FormatException shared = new("bad");
        IReadOnlyList<Outcome> outcomes = (await TaskGroup.TryRunAsync(async group =>
        {
            ChildTask[] children =
            [
                group.Start("a", _ => Task.FromException(shared)),
                group.Start("b", _ => Task.CompletedTask),
                group.Start("c", _ => Task.FromException(shared)),
            ];
            foreach (ChildTask child in children) await child.OutcomeAsync();
            return 1;
        }, new() { Policy = GroupPolicy.Settle })).Outcomes;
        ExceptionGroup failures = ExceptionGroup.Of("tools", outcomes)!;
        FailureLeaf leaf = Assert.Single(failures.Leaves);
        Assert.Same(shared, leaf.Exception);
        Assert.Equal(["a", "c"], leaf.Origins.Select(origin => origin.ToString()));
        Assert.Null(ExceptionGroup.Of("tools", outcomes.Where(outcome => outcome.IsSuccess)));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (seen < value && Interlocked.CompareExchange(ref target, value, seen) is var now && now != seen) seen = now;
    }
}
