using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R5")]
public sealed class OutsideCancellationTests
{
    [Fact]
    public async Task Token_SignalledBeforeOpening_BodyIsNotRun()
    {
        bool ran = false;
        CancellationToken signalled = new(canceled: true);
        var error = await Throws<OperationCanceledException>(() => TaskGroup.RunAsync(_ =>
        {
            ran = true;
            return Task.CompletedTask;
        }, cancellationToken: signalled));
        Assert.False(ran);
        Assert.Equal(signalled, error.CancellationToken);
        await Throws<OperationCanceledException>(() => TaskGroup.RunAsync(_ => Task.FromResult(1), cancellationToken: signalled));
        await Throws<OperationCanceledException>(() => TaskGroup.TryRunAsync(_ => Task.FromResult(1), cancellationToken: signalled));
    }

    [Fact]
    public async Task Token_SignalledWhileRunning_ThrowsForThatToken()
    {
        using CancellationTokenSource caller = new();
        TaskGroup? seen = null;
        Task<int> run = TaskGroup.RunAsync(async group =>
        {
            seen = group;
            await group.Start("waits", Forever);
            return 1;
        }, cancellationToken: caller.Token);
        await caller.CancelAsync();
        var error = await Throws<OperationCanceledException>(() => run);
        Assert.IsNotType<GroupCancelledException>(error);
        Assert.Equal(caller.Token, error.CancellationToken);
        Assert.Equal((CancellationCauseKind.Requested, "the caller's token"), (seen!.Cause!.Kind, seen.Cause.By));
    }

    [Fact]
    public async Task Token_SignalledAndAChildFails_FailuresWinWithTheCause()
    {
        using CancellationTokenSource caller = new();
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start("cleanup", token => FailWhenCancelled(new IOException("cleanup"), token));
            return Task.CompletedTask;
        }, cancellationToken: caller.Token);
        await caller.CancelAsync();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Equal(["cleanup: cleanup"], failures.Lines());
        Assert.Equal(CancellationCauseKind.Requested, failures.Cause!.Kind);
    }

    [Fact]
    public async Task Token_SignalledButAllSucceed_ReturnsTheResult()
    {
        using CancellationTokenSource caller = new();
        TaskCompletionSource release = Signal();
        Task<int> run = TaskGroup.RunAsync(async group =>
        {
            ChildTask child = group.Start(_ => release.Task);
            await child;
            return 7;
        }, cancellationToken: caller.Token);
        await caller.CancelAsync();
        release.SetResult();
        Assert.Equal(7, await run.Within("the group's end"));
    }

    [Fact]
    public async Task Token_SignalledBodySucceedsButAChildWasCancelled_Throws()
    {
        using CancellationTokenSource caller = new();
        Task<int> run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start(Forever);
            return Task.FromResult(7);
        }, cancellationToken: caller.Token);
        await caller.CancelAsync();
        await Throws<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Token_SignalledAfterTheEnd_ChangesNothing()
    {
        using CancellationTokenSource caller = new();
        TaskGroup? seen = null;
        await TaskGroup.RunAsync(group =>
        {
            seen = group;
            return Task.CompletedTask;
        }, cancellationToken: caller.Token).Within("the group's end");
        await caller.CancelAsync();
        seen!.Cancel();
        Assert.Null(seen.Cause);
        Assert.False(seen.CancellationToken.IsCancellationRequested);
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task Handle_OfACancelledChildAwaitedInAnotherGroup_IsAFailureThere()
    {
        // Nobody asked the second group to stop: to it, the other group's cancellation is an error.
        await using TaskGroup first = TaskGroup.Open(new() { Name = "first" });
        ChildTask child = first.Start("c", Forever);
        first.Cancel("not needed");
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async _ => await child));
        Assert.IsType<OperationCanceledException>(Assert.Single(failures.InnerExceptions));
        await first.JoinAsync().Within("the first group");
    }

    [Fact]
    public async Task Handle_AwaitedInAnotherGroup_FollowsTheChild()
    {
        TaskCompletionSource release = Signal();
        await using TaskGroup first = TaskGroup.Open();
        ChildTask<int> child = first.Start("c", async _ =>
        {
            await release.Task;
            return 5;
        });
        Task<int> second = TaskGroup.RunAsync(async group =>
        {
            group.Cancel();
            return await child;
        });
        Assert.False(second.IsCompleted);
        release.SetResult();
        Assert.Equal(5, await second.Within("the second group"));
        await first.JoinAsync().Within("the first group");
    }
}
