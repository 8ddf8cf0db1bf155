using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R8")]
public sealed class ShieldTests
{
    private readonly TestTime _time = new();

    [Fact]
    public async Task Shield_OutsideCancelled_IsHeldBackUntilTheScopeEnds()
    {
        using CancellationTokenSource caller = new();
        TaskCompletionSource release = Signal();
        TaskGroup? seen = null;
        Task<int> run = TaskGroup.RunAsync(async group =>
        {
            seen = group;
            await group.Start("cleanup", _ => release.Task);
            return 1;
        }, Options(), caller.Token);
        await caller.CancelAsync();
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Null(seen!.Cause);
        release.SetResult();
        Assert.Equal(1, await run.Within("the group's end"));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Null(seen.Cause);
    }

    [Fact]
    public async Task Shield_BoundExpires_CancellationIsDelivered()
    {
        using CancellationTokenSource caller = new();
        Task run = TaskGroup.RunAsync(async group => await group.Start(Forever), Options(), caller.Token);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(run.IsCompleted);
        await caller.CancelAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        var error = await Throws<OperationCanceledException>(() => run);
        Assert.Equal(caller.Token, error.CancellationToken);
    }

    [Fact]
    public async Task Shield_TokenSignalledBeforeOpening_BodyRuns() =>
        Assert.Equal(5, await TaskGroup.RunAsync(_ => Task.FromResult(5), Options(), new CancellationToken(canceled: true)).Within("the group's end"));

    [Fact]
    public async Task Shield_OwnCancellationAndFailures_AreNotHeldBack()
    {
        await TaskGroup.RunAsync(async group =>
        {
            _ = group.Start(_ =>
            {
                group.Cancel();
                return Task.CompletedTask;
            });
            await group.Start(Forever);
        }, Options()).Within("the group's end");
        await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
        {
            ChildTask waits = group.Start(Forever);
            _ = group.Start(_ => throw new FormatException("bad"));
            await waits;
        }, Options()));
    }

    [Fact]
    public async Task Shield_OnANestedGroup_ParentWaitsForIt()
    {
        TaskCompletionSource release = Signal();
        TaskGroup? inner = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.GroupAsync("inner", async nested =>
            {
                inner = nested;
                await nested.Start("cleanup", _ => release.Task);
            }, new() { Shield = TimeSpan.FromSeconds(10) });
            group.Cancel();
            return Task.CompletedTask;
        }, new() { TimeProvider = _time });
        Assert.Null(inner!.Cause);
        Assert.False(run.IsCompleted);
        release.SetResult();
        await run.Within("the group's end");
        Assert.Null(inner.Cause);
    }

    [Fact]
    public async Task Shield_CallersTokenUsedInside_IsAFailure()
    {
        // The group was not cancelled: what listens to the caller's token goes behind its back.
        using CancellationTokenSource caller = new();
        Task run = TaskGroup.RunAsync(async group => await group.Start("c", _ => Forever(caller.Token)), Options(), caller.Token);
        await caller.CancelAsync();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.IsType<TaskCanceledException>(Assert.Single(failures.InnerExceptions));
    }

    private TaskGroupOptions Options() => new() { Shield = TimeSpan.FromSeconds(10), TimeProvider = _time };
}
