using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R6")]
public sealed class OwnCancellationTests
{
    [Fact]
    public async Task Cancel_BeforeTheFirstChild_RefusesChildrenAndEndsCleanly()
    {
        TaskGroup? seen = null;
        await TaskGroup.RunAsync(async group =>
        {
            seen = group;
            group.Cancel("nothing to do");
            await group.Start(Forever);
        }).Within("the group's end");
        Assert.Equal((CancellationCauseKind.Requested, "nothing to do"), (seen!.Cause!.Kind, seen.Cause.Reason));
        Assert.Empty(seen.Outcomes);
    }

    [Fact]
    public async Task Cancel_FromInsideAChild_InterruptsBodyAndSiblings()
    {
        TaskGroup? seen = null;
        await TaskGroup.RunAsync(async group =>
        {
            seen = group;
            ChildTask waits = group.Start("waits", Forever);
            _ = group.Start("stops", _ =>
            {
                group.Cancel();
                return Task.CompletedTask;
            });
            await waits;
        }).Within("the group's end");
        Assert.Equal(["waits: Cancelled", "stops: Succeeded"], seen!.Outcomes.Select(outcome => $"{outcome.Name}: {outcome.Kind}"));
    }

    [Fact]
    public async Task Cancel_Twice_TheFirstCauseStays()
    {
        TaskGroup? seen = null;
        await TaskGroup.RunAsync(group =>
        {
            seen = group;
            group.Cancel("first");
            group.Cancel("second");
            return Task.CompletedTask;
        }, new() { Name = "g" }).Within("the group's end");
        Assert.Equal(("first", "g"), (seen!.Cause!.Reason, seen.Cause.By));
    }

    [Fact]
    public async Task Cancel_FromOutsideWhileJoining_EndsCleanly()
    {
        TaskGroup? seen = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start(Forever);
            return Task.CompletedTask;
        });
        seen!.Cancel();
        await run.Within("the group's end");
    }

    [Fact]
    public async Task Cancel_ThenAFailure_StillThrows()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            group.Cancel();
            throw new FormatException("bad");
        }));
        Assert.Equal([": bad"], failures.Lines());
    }

    [Fact]
    public async Task Cancel_InterruptsABodyWithAValue_ThrowsGroupCancelledWithOutcomes()
    {
        var error = await Throws<GroupCancelledException>(() => TaskGroup.RunAsync(async group =>
        {
            ChildTask<int> done = group.Start("done", _ => Task.FromResult(3));
            ChildTask<int> waits = group.Start("waits", async token =>
            {
                await Forever(token);
                return 1;
            });
            group.Cancel("enough");
            return await done + await waits;
        }));
        Assert.Equal("enough", error.Cause.Reason);
        Assert.Equal([OutcomeKind.Succeeded, OutcomeKind.Cancelled], error.Outcomes.Select(outcome => outcome.Kind));
        Assert.Equal(3, Assert.IsType<Outcome<int>>(error.Outcomes[0]).Value);
    }

    [Fact]
    public async Task Cancel_BodyReturnsItsValueAnyway_ReturnsIt()
    {
        int value = await TaskGroup.RunAsync(group =>
        {
            _ = group.Start(Forever);
            group.Cancel();
            return Task.FromResult(9);
        }).Within("the group's end");
        Assert.Equal(9, value);
    }

    [Fact]
    public async Task TryRun_Cancelled_HasCauseOutcomesAndNoValue()
    {
        GroupResult<int> result = await TaskGroup.TryRunAsync(async group =>
        {
            ChildTask waits = group.Start("waits", Forever);
            group.Cancel("enough");
            await waits;
            return 1;
        }).Within("the group's end");
        Assert.False(result.HasValue);
        Assert.False(result.TryGetValue(out _));
        Assert.Contains("enough", Assert.Throws<InvalidOperationException>(() => result.Value).Message, StringComparison.Ordinal);
        Assert.Equal("enough", result.Cause!.Reason);
        Assert.Equal(OutcomeKind.Cancelled, Assert.Single(result.Outcomes).Kind);
    }

    [Fact]
    public async Task TryRun_NotCancelled_HasTheValue()
    {
        GroupResult<string?> result = await TaskGroup.TryRunAsync(_ => Task.FromResult<string?>(null)).Within("the group's end");
        Assert.True(result.HasValue);
        Assert.Null(result.Value);
        Assert.Null(result.Cause);
        Assert.Empty(result.Outcomes);
    }

    [Fact]
    public async Task TryRun_Fails_Throws() =>
        await Throws<ExceptionGroup>(() => TaskGroup.TryRunAsync<int>(_ => throw new FormatException("bad")));

    [Fact]
    [Trait("Rule", "R8")]
    public async Task NestedGroup_CancelsItself_ParentGoesOn()
    {
        int value = await TaskGroup.RunAsync(async group =>
        {
            ChildTask inner = group.GroupAsync("inner", nested =>
            {
                _ = nested.Start(Forever);
                nested.Cancel();
                return Task.CompletedTask;
            });
            await inner;
            Assert.Null(group.Cause);
            return 4;
        }).Within("the group's end");
        Assert.Equal(4, value);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task NestedGroupWithAValue_CancelsItself_AwaitThrowsGroupCancelled()
    {
        int value = await TaskGroup.RunAsync(async group =>
        {
            ChildTask<int> inner = group.GroupAsync<int>("inner", async nested =>
            {
                nested.Cancel();
                await Forever(nested.CancellationToken);
                return 1;
            });
            await Assert.ThrowsAsync<GroupCancelledException>(() => inner);
            return 4;
        }).Within("the group's end");
        Assert.Equal(4, value);
    }
}
