using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R8")]
public sealed class NestedGroupTests
{
    [Fact]
    public async Task Nested_ChildrenFail_StructureAndPathsComeUp()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            await group.GroupAsync("inner", nested =>
            {
                _ = nested.Start("a", _ => Task.FromException(new FormatException("1")));
                _ = nested.Start("b", _ => Task.FromException(new IOException("2")));
                return Task.CompletedTask;
            }, new() { Policy = GroupPolicy.CollectAll })));
        Assert.Equal(["inner/a: 1", "inner/b: 2"], failures.Lines());
        Assert.Equal("inner", Assert.IsType<ExceptionGroup>(Assert.Single(failures.InnerExceptions)).Title);
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task Nested_FailsAndNobodyAwaits_CountsAndCancelsNobody()
    {
        TaskCompletionSource release = Signal();
        TaskGroup? seen = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start("sibling", _ => release.Task);
            _ = group.GroupAsync("inner", _ => throw new FormatException("bad"));
            return Task.CompletedTask;
        });
        Assert.Null(seen!.Cause);
        release.SetResult();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Equal(["inner: bad"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Cancel_GoesDownThreeLevels_WithTheChainOfCauses()
    {
        List<TaskGroup> groups = [];
        await TaskGroup.RunAsync(outer =>
        {
            groups.Add(outer);
            _ = outer.GroupAsync("middle", middle =>
            {
                groups.Add(middle);
                _ = middle.GroupAsync("inner", inner =>
                {
                    groups.Add(inner);
                    _ = inner.Start("leaf", Forever);
                    return Task.CompletedTask;
                });
                return Task.CompletedTask;
            });
            outer.Cancel("stop");
            return Task.CompletedTask;
        }, new() { Name = "outer" }).Within("the group's end");
        CancellationCause cause = groups[2].Cause!;
        Assert.Equal((CancellationCauseKind.ParentCancelled, "middle"), (cause.Kind, cause.By));
        Assert.Equal((CancellationCauseKind.ParentCancelled, "outer"), (cause.Parent!.Kind, cause.Parent.By));
        Assert.Equal((CancellationCauseKind.Requested, "outer", "stop"), (cause.Root.Kind, cause.Root.By, cause.Root.Reason));
        Assert.Contains("stop", cause.ToString(), StringComparison.Ordinal);
        Assert.All(groups, group => Assert.All(group.Outcomes, outcome => Assert.Equal(OutcomeKind.Cancelled, outcome.Kind)));
    }

    [Fact]
    public async Task Nested_CleanupFailsOnTheWayDown_ComesUpWithBothCauses()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(outer =>
        {
            _ = outer.GroupAsync("inner", inner =>
            {
                _ = inner.Start("leaf", token => FailWhenCancelled(new IOException("cleanup"), token));
                return Task.CompletedTask;
            });
            _ = outer.Start("fails", _ => throw new FormatException("bad"));
            return Task.CompletedTask;
        }, new() { Name = "outer" }));
        Assert.Equal(["fails: bad", "inner/leaf: cleanup"], failures.Lines());
        var inner = Assert.IsType<ExceptionGroup>(failures.InnerExceptions[1]);
        Assert.Equal(CancellationCauseKind.ParentCancelled, inner.Cause!.Kind);
        Assert.Equal("fails", inner.Cause.Root.By);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nested_AThousandLevels_ReturnsFailsAndCancels(bool byGroupAsync)
    {
        const int Levels = 1_000;
        Assert.Equal(Levels, await TaskGroup.RunAsync(group => Descend(group, Levels, _ => Task.FromResult(0))).Within("the value"));

        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
            Descend(group, Levels, _ => throw new FormatException("deep"))));
        FailureLeaf leaf = Assert.Single(failures.Leaves);
        Assert.Equal(Levels, leaf.Origins[0].Path.Count);
        Assert.Contains("deep", failures.ToString(), StringComparison.Ordinal);

        using CancellationTokenSource caller = new();
        TaskCompletionSource reached = Signal();
        Task run = TaskGroup.RunAsync(group => Descend(group, Levels, async inner =>
        {
            reached.SetResult();
            await Forever(inner.CancellationToken);
            return 0;
        }), cancellationToken: caller.Token);
        await reached.Task.Within("the innermost level");
        await caller.CancelAsync();
        await Throws<OperationCanceledException>(() => run);

        async Task<int> Descend(TaskGroup group, int levels, Func<TaskGroup, Task<int>> last)
        {
            if (levels == 0) return await last(group);
            return 1 + await (byGroupAsync
                ? group.GroupAsync($"{levels}", nested => Descend(nested, levels - 1, last))
                : group.Start($"{levels}", token => TaskGroup.RunAsync(nested => Descend(nested, levels - 1, last), cancellationToken: token)));
        }
    }

    [Fact]
    public async Task GroupAsync_InACancelledGroup_Throws()
    {
        await TaskGroup.RunAsync(group =>
        {
            group.Cancel();
            Assert.Throws<OperationCanceledException>(() => { _ = group.GroupAsync("inner", _ => Task.CompletedTask); });
            return Task.CompletedTask;
        }).Within("the group's end");
    }
}
