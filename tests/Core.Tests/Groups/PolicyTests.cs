using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

public sealed class PolicyTests
{
    [Fact]
    [Trait("Rule", "R10")]
    public async Task CollectAll_OneFails_OthersRunToTheirEndThenThrows()
    {
        TaskCompletionSource release = Signal();
        TaskGroup? seen = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start("fails", _ => throw new FormatException("bad"));
            _ = group.Start("works", _ => release.Task);
            return Task.CompletedTask;
        }, new() { Policy = GroupPolicy.CollectAll });
        Assert.Null(seen!.Cause);
        release.SetResult();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Null(failures.Cause);
        Assert.Equal([OutcomeKind.Failed, OutcomeKind.Succeeded], seen.Outcomes.Select(outcome => outcome.Kind));
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task Settle_OneFails_ReturnsAndOutcomesTell()
    {
        TaskGroup? seen = null;
        int value = await TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start("fails", _ => throw new FormatException("bad"));
            _ = group.Start("works", _ => Task.FromResult(2));
            return Task.FromResult(1);
        }, new() { Policy = GroupPolicy.Settle }).Within("the group's end");
        Assert.Equal(1, value);
        Assert.Equal(["fails Failed bad 1", "works Succeeded  1"],
            seen!.Outcomes.Select(outcome => $"{outcome.Name} {outcome.Kind} {outcome.Exception?.Message} {outcome.Attempts}"));
    }

    [Theory]
    [Trait("Rule", "R10")]
    [InlineData(GroupPolicy.CollectAll)]
    [InlineData(GroupPolicy.Settle)]
    public async Task LenientPolicy_BodyFails_ThrowsAfterTheChildren(GroupPolicy policy)
    {
        TaskCompletionSource release = Signal();
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start("works", _ => release.Task);
            throw new FormatException("body");
        }, new() { Policy = policy });
        Assert.False(run.IsCompleted);
        release.SetResult();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Equal([": body"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R10")]
    public async Task Settle_BodyRethrowsAChildsFailure_IsTheBodysFailureWithTheChildsOrigin()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            await group.Start("child", _ => Task.FromException(new FormatException("bad"))), new() { Policy = GroupPolicy.Settle }));
        Assert.Equal(["child: bad"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task FailFast_FailureIsCaughtByAwaiting_StillEndsTheGroup()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
        {
            try
            {
                await group.Start<int>("fails", _ => throw new FormatException("bad"));
            }
            catch (FormatException)
            {
                Assert.Equal(CancellationCauseKind.SiblingFailed, group.Cause!.Kind);
            }
        }));
        Assert.Equal(["fails: bad"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Isolated_AwaitedOrAsked_CountsForNothing()
    {
        ChildOptions isolated = new() { Isolated = true };
        Outcome<int>? asked = null;
        int value = await TaskGroup.RunAsync(async group =>
        {
            asked = await group.Start<int>("asked", _ => throw new FormatException("bad"), isolated).OutcomeAsync();
            await Assert.ThrowsAsync<IOException>(() => group.Start("awaited", _ => Task.FromException(new IOException()), isolated).AsTask());
            Assert.Null(group.Cause);
            return 5;
        }).Within("the group's end");
        Assert.Equal(5, value);
        Assert.Equal((OutcomeKind.Failed, 8), (asked!.Kind, asked.ValueOr(8)));
        Assert.False(asked.TryGetValue(out _));
        Assert.Same(asked.Exception, Assert.Throws<InvalidOperationException>(() => asked.Value).InnerException);
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Isolated_NobodyAwaits_CancelsNobodyAndCounts()
    {
        TaskCompletionSource release = Signal();
        TaskGroup? seen = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start("alone", _ => throw new FormatException("bad"), new() { Isolated = true });
            _ = group.Start("works", _ => release.Task);
            return Task.CompletedTask;
        });
        Assert.Null(seen!.Cause);
        release.SetResult();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Equal(["alone: bad"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Isolated_AwaitedAndItsFailureLeavesTheBody_IsTheBodysFailure()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
        {
            _ = group.Start(Forever);
            await group.Start("alone", _ => Task.FromException(new FormatException("bad")), new() { Isolated = true });
        }));
        Assert.Equal(["alone: bad"], failures.Lines());
    }

    [Fact]
    public async Task Outcome_OfACancelledChild_NeverThrows()
    {
        Outcome? outcome = null;
        await TaskGroup.RunAsync(async group =>
        {
            ChildTask waits = group.Start(Forever);
            group.Cancel("enough");
            outcome = await waits.OutcomeAsync();
            var error = await Assert.ThrowsAsync<OperationCanceledException>(() => waits);
            Assert.Contains("enough", error.Message, StringComparison.Ordinal);
            Assert.Equal(group.CancellationToken, error.CancellationToken);
        }).Within("the group's end");
        Assert.Equal(OutcomeKind.Cancelled, outcome!.Kind);
        Assert.Null(outcome.Exception);
    }

    [Fact]
    public async Task Handle_ResultTakenTooEarly_ThrowsInsteadOfBlocking()
    {
        await TaskGroup.RunAsync(group =>
        {
            ChildTask<int> child = group.Start(async token =>
            {
                await Forever(token);
                return 1;
            });
            Assert.Throws<InvalidOperationException>(() => child.GetAwaiter().GetResult());
            group.Cancel();
            return Task.CompletedTask;
        }).Within("the group's end");
    }

    [Fact]
    public async Task Handle_AwaitedByMany_AllGetTheValue()
    {
        TaskCompletionSource<int> value = new();
        int[] values = await TaskGroup.RunAsync(async group =>
        {
            ChildTask<int> child = group.Start(_ => value.Task);
            Task<int[]> all = Task.WhenAll(Enumerable.Range(0, 100).Select(_ => child.AsTask()));
            value.SetResult(3);
            return await all;
        }).Within("the awaiters");
        Assert.All(values, got => Assert.Equal(3, got));
    }
}
