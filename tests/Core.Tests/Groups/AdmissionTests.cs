using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

public sealed class AdmissionTests
{
    [Fact]
    [Trait("Rule", "R1")]
    public async Task Run_BodyEndsFirst_EndsAfterEveryChild()
    {
        TaskCompletionSource release = Signal();
        bool childEnded = false;
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start(async _ =>
            {
                await release.Task;
                childEnded = true;
            });
            return Task.CompletedTask;
        });
        Assert.False(run.IsCompleted);
        release.SetResult();
        await run.Within("the group's end");
        Assert.True(childEnded);
    }

    [Fact]
    [Trait("Rule", "R1")]
    public async Task Run_ChildIgnoresCancellation_WaitsForIt()
    {
        TaskCompletionSource release = Signal();
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start("stubborn", _ => release.Task);
            _ = group.Start("fails", _ => throw new FormatException("bad"));
            return Task.CompletedTask;
        });
        Assert.False(run.IsCompleted);
        release.SetResult();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Equal(["fails: bad"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_FromAChildAfterTheBody_IsAdmitted()
    {
        TaskCompletionSource bodyEnded = Signal();
        List<string> ran = [];
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start("parent", async _ =>
            {
                await bodyEnded.Task;
                await group.Start("sibling", _ =>
                {
                    ran.Add("sibling");
                    return Task.CompletedTask;
                });
            });
            return Task.CompletedTask;
        });
        bodyEnded.SetResult();
        await run.Within("the group's end");
        Assert.Equal(["sibling"], ran);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_FromAnotherThreadWhileOpen_IsAdmitted()
    {
        IReadOnlyList<Outcome> outcomes = [];
        await TaskGroup.RunAsync(async group =>
        {
            await Task.Run(() => group.Start("elsewhere", _ => Task.CompletedTask));
            outcomes = group.Outcomes;
        }).Within("the group's end");
        Assert.Equal("elsewhere", Assert.Single(outcomes).Name);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_AfterTheEnd_ThrowsInvalidOperation()
    {
        TaskGroup? ended = null;
        await TaskGroup.RunAsync(group =>
        {
            ended = group;
            return Task.CompletedTask;
        }, new() { Name = "tools" }).Within("the group's end");
        var error = Assert.Throws<InvalidOperationException>(() => { _ = ended!.Start("late", _ => Task.CompletedTask); });
        Assert.Contains("'late'", error.Message, StringComparison.Ordinal);
        Assert.Contains("tools", error.Message, StringComparison.Ordinal);
        Assert.Empty(ended!.Outcomes);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_WhileCancelling_ThrowsAndDoesNotRun()
    {
        TaskCompletionSource release = Signal();
        bool ran = false;
        OperationCanceledException? refused = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            _ = group.Start(_ => release.Task);
            group.Cancel("enough");
            refused = Assert.Throws<OperationCanceledException>(() => { _ = group.Start("late", _ =>
            {
                ran = true;
                return Task.CompletedTask;
            }); });
            Assert.Equal(group.CancellationToken, refused.CancellationToken);
            return Task.CompletedTask;
        });
        release.SetResult();
        await run.Within("the group's end");
        Assert.False(ran);
        Assert.Contains("enough", refused!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_NullOrEmpty_ThrowsAndStartsNothing()
    {
        await TaskGroup.RunAsync(group =>
        {
            Assert.Throws<ArgumentNullException>(() => { _ = group.Start(null!, _ => Task.CompletedTask); });
            Assert.Throws<ArgumentException>(() => { _ = group.Start("", _ => Task.CompletedTask); });
            Assert.Throws<ArgumentNullException>(() => { _ = group.Start((Func<CancellationToken, Task>)null!); });
            Assert.Throws<ArgumentNullException>(() => { _ = group.Start("x", (Func<CancellationToken, Task<int>>)null!); });
            Assert.Throws<ArgumentException>(() => { _ = group.GroupAsync("", _ => Task.CompletedTask); });
            Assert.Throws<ArgumentNullException>(() => { _ = group.GroupAsync("x", (Func<TaskGroup, Task>)null!); });
            ChildOptions wrong = new() { Retry = new() { MaxAttempts = 0 } };
            Assert.Throws<ArgumentOutOfRangeException>(() => { _ = group.Start("x", _ => Task.CompletedTask, wrong); });
            Assert.Empty(group.Outcomes);
            return Task.CompletedTask;
        }).Within("the group's end");
        Assert.Throws<ArgumentNullException>(() => { _ = TaskGroup.RunAsync((Func<TaskGroup, Task>)null!); });
        Assert.Throws<ArgumentNullException>(() => { _ = TaskGroup.RunAsync((Func<TaskGroup, Task<int>>)null!); });
        Assert.Throws<ArgumentNullException>(() => { _ = TaskGroup.TryRunAsync((Func<TaskGroup, Task<int>>)null!); });
    }

    [Fact]
    public async Task Start_NamesRepeatedOrMissing_OrdinalsTellThemApart()
    {
        IReadOnlyList<Outcome> outcomes = [];
        await TaskGroup.RunAsync(group =>
        {
            _ = group.Start("a", _ => Task.CompletedTask);
            _ = group.Start("a", _ => Task.CompletedTask);
            _ = group.Start(_ => Task.CompletedTask);
            outcomes = group.Outcomes;
            return Task.CompletedTask;
        }).Within("the group's end");
        Assert.Equal(["a/0", "a/1", "#2/2"], outcomes.Select(outcome => $"{outcome.Name}/{outcome.Ordinal}"));
    }

    [Fact]
    public async Task Run_DelegateReturnsNull_FailsAndSaysSo()
    {
        ExceptionGroup child = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("nothing", _ => NoTask());
            return Task.CompletedTask;
        }));
        Assert.Contains("'nothing'", Assert.IsType<InvalidOperationException>(child.InnerExceptions[0]).Message, StringComparison.Ordinal);
        ExceptionGroup body = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(_ => NoTask()));
        Assert.IsType<InvalidOperationException>(Assert.Single(body.InnerExceptions));
    }

    [Fact]
    public async Task Run_BodyNeverAwaits_ReturnsItsValue() =>
        Assert.Equal(7, await TaskGroup.RunAsync(_ => Task.FromResult(7)).Within("the group's end"));

    [Fact]
    public async Task Run_ChildBlocksItsThread_BlocksOnlyTheStarter()
    {
        using ManualResetEventSlim release = new();
        TaskCompletionSource blocking = Signal();
        Task run = Task.Run(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("blocks", _ =>
            {
                blocking.SetResult();
                release.Wait(CancellationToken.None);
                return Task.CompletedTask;
            });
            return Task.CompletedTask;
        }));
        await blocking.Task.Within("the child to block");
        Assert.False(run.IsCompleted);
        release.Set();
        await run.Within("the group's end");
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task Start_ChainOfChildrenEachStartingTheNext_DoesNotOverflowTheStack()
    {
        int ran = 0;
        await Task.Run(() => TaskGroup.RunAsync(group =>
        {
            Next(100_000);
            return Task.CompletedTask;

            void Next(int left) => _ = group.Start(_ =>
            {
                Interlocked.Increment(ref ran);
                if (left > 1) Next(left - 1);
                return Task.CompletedTask;
            });
        })).Within("the chain", () => $"{ran} ran");
        Assert.Equal(100_000, ran);
    }
}
