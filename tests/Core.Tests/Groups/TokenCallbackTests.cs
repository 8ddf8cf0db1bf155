using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "C1")]
public sealed class TokenCallbackTests
{
    [Fact]
    public async Task Callback_Throws_IsAFailureOfTheGroupNotOfWhoCancels()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            group.CancellationToken.Register(() => throw new IOException("one"));
            group.CancellationToken.Register(() => throw new FormatException("two"));
            group.Cancel();
            return Task.CompletedTask;
        }));
        Assert.Equal(["(cancellation callback): one", "(cancellation callback): two"], failures.Lines().Order());
    }

    [Fact]
    public async Task Callback_Blocks_HoldsUpTheGroupsEndNotWhoCancels()
    {
        using ManualResetEventSlim release = new();
        TaskCompletionSource blocking = Signal();
        Task run = TaskGroup.RunAsync(group =>
        {
            group.CancellationToken.Register(() =>
            {
                blocking.SetResult();
                release.Wait();
            });
            group.Cancel();
            return Task.CompletedTask;
        });
        await blocking.Task.Within("the callback");
        Assert.False(run.IsCompleted);
        release.Set();
        await run.Within("the group's end");
    }

    [Fact]
    public async Task Callback_Blocks_AWaitingSiblingOfTheWindowEndsAllTheSame()
    {
        using ManualResetEventSlim release = new();
        await TaskGroup.RunAsync(async group =>
        {
            _ = group.Start(async token =>
            {
                using CancellationTokenRegistration _ = token.Register(release.Wait);
                await Forever(token);
            });
            ChildTask waiting = group.Start(Forever);
            group.Cancel();
            Assert.Equal(OutcomeKind.NotStarted, (await waiting.OutcomeAsync().Within("the waiting child")).Kind);
            release.Set();
        }, new() { MaxConcurrency = 1 }).Within("the group's end");
    }

    [Fact]
    public async Task Callback_StartsAndCancels_IsRefusedWithoutDeadlock()
    {
        TaskCompletionSource<Exception?> refused = new();
        await TaskGroup.RunAsync(group =>
        {
            group.CancellationToken.Register(() =>
            {
                group.Cancel("again");
                refused.SetResult(Record.Exception(() => { _ = group.Start(_ => Task.CompletedTask); }));
            });
            group.Cancel("first");
            return Task.CompletedTask;
        }).Within("the group's end");
        Assert.IsType<OperationCanceledException>(await refused.Task.Within("the callback"));
    }

    [Fact]
    public async Task Callback_OfANestedGroupThrows_ComesUpWithItsPath()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.GroupAsync("inner", inner =>
            {
                inner.CancellationToken.Register(() => throw new IOException("callback"));
                return Forever(inner.CancellationToken);
            });
            group.Cancel();
            return Task.CompletedTask;
        }));
        Assert.Equal(["inner/(cancellation callback): callback"], failures.Lines());
    }
}
