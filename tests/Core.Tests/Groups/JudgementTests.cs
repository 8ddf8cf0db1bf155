using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R4")]
public sealed class JudgementTests
{
    [Fact]
    public async Task Child_ThrowsCancellationNobodyAskedFor_HasFailed()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("http", async _ =>
            {
                await Task.Yield();
                throw new TaskCanceledException("The request timed out.", new TimeoutException());
            });
            return Task.CompletedTask;
        }));
        Assert.Equal(["http: The request timed out."], failures.Lines());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Child_ReturnsACancelledTaskNobodyAskedFor_HasFailed(bool typed)
    {
        using CancellationTokenSource other = new();
        await other.CancelAsync();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            if (typed) _ = group.Start("c", _ => Task.FromCanceled<int>(other.Token));
            else _ = group.Start("c", _ => Task.FromCanceled(other.Token));
            return Task.CompletedTask;
        }));
        Assert.IsType<TaskCanceledException>(Assert.Single(failures.InnerExceptions));
    }

    [Fact]
    public async Task Body_ThrowsCancellationNobodyAskedFor_HasFailed()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(_ => throw new OperationCanceledException("mine")));
        Assert.Equal([": mine"], failures.Lines());
    }

    [Fact]
    public async Task Child_FailsWhileCancelled_HasFailed()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("c", token => FailWhenCancelled(new IOException("cleanup"), token));
            group.Cancel();
            return Task.CompletedTask;
        }));
        Assert.Equal(["c: cleanup"], failures.Lines());
        Assert.Equal(CancellationCauseKind.Requested, failures.Cause!.Kind);
    }

    [Fact]
    public async Task Child_AggregateOfCancellations_IsCancelled()
    {
        OutcomeKind kind = default;
        await TaskGroup.RunAsync(async group =>
        {
            ChildTask child = group.Start("c", async token =>
            {
                await Task.Yield();
                Forever(token).Wait(CancellationToken.None);
            });
            group.Cancel();
            kind = (await child.OutcomeAsync()).Kind;
        }).Within("the group's end");
        Assert.Equal(OutcomeKind.Cancelled, kind);
    }

    [Fact]
    public async Task IsCancellation_DriversException_IsCancelledOnlyIfSignalled()
    {
        TaskGroupOptions options = new() { IsCancellation = error => error is IOException, Policy = GroupPolicy.Settle };
        List<OutcomeKind> kinds = [];
        await TaskGroup.RunAsync(async group =>
        {
            kinds.Add((await group.Start(_ => Task.FromException(new IOException())).OutcomeAsync()).Kind);
            ChildTask waits = group.Start(token => FailWhenCancelled(new IOException("driver"), token));
            group.Cancel();
            kinds.Add((await waits.OutcomeAsync()).Kind);
        }, options).Within("the group's end");
        Assert.Equal([OutcomeKind.Failed, OutcomeKind.Cancelled], kinds);
    }

    [Fact]
    public async Task IsCancellation_Throws_ChildFailsWithBoth()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("c", token => FailWhenCancelled(new IOException("driver"), token));
            group.Cancel();
            return Task.CompletedTask;
        }, new() { IsCancellation = _ => throw new NotSupportedException("predicate") }));
        Assert.Equal(["c: driver", "c: predicate"], failures.Lines());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Rule", "R5")]
    public async Task CallersTokenUsedInside_SignalledFirst_IsCancellationNotFailure(bool inChild)
    {
        // Callbacks run last registered first, so the work hears of the caller's token before its group does.
        using CancellationTokenSource caller = new();
        TaskCompletionSource waiting = Signal();
        Task run = TaskGroup.RunAsync(async group =>
        {
            ChildTask child = group.Start("c", _ => inChild ? Listen(caller.Token) : Task.CompletedTask);
            Task wait = inChild ? child : Listen(caller.Token);
            waiting.SetResult();
            await wait;
        }, cancellationToken: caller.Token);
        await waiting.Task.Within("the body to wait");
        await caller.CancelAsync();
        var error = await Throws<OperationCanceledException>(() => run);
        Assert.Equal(caller.Token, error.CancellationToken);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task CallersTokenUsedInANestedGroup_SignalledFirst_IsCancellationNotFailure()
    {
        using CancellationTokenSource caller = new();
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.GroupAsync("inner", inner =>
            {
                _ = inner.Start("c", _ => Listen(caller.Token));
                return Task.CompletedTask;
            });
            return Task.CompletedTask;
        }, cancellationToken: caller.Token);
        await caller.CancelAsync();
        var error = await Throws<OperationCanceledException>(() => run);
        Assert.Equal(caller.Token, error.CancellationToken);
    }

    /// <summary>Ends on the very thread that signals the token, as a callback on it may.</summary>
    private static Task Listen(CancellationToken token)
    {
        TaskCompletionSource cancelled = new();
        token.Register(() => cancelled.TrySetCanceled(token));
        return cancelled.Task;
    }
}
