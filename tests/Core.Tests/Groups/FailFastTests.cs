using System.Collections;
using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R3")]
public sealed class FailFastTests
{
    [Fact]
    public async Task Run_SeveralFail_AllInTheirOrderTheBodysLast()
    {
        TaskCompletionSource cleaned = Signal();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
        {
            _ = group.Start("cleanup", async token =>
            {
                await Forever(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cleaned.SetResult();
                throw new IOException("second");
            });
            _ = group.Start("fails", _ => throw new FormatException("first"));
            await cleaned.Task;
            throw new TimeoutException("body");
        }, new() { Name = "tools" }));
        Assert.Equal(["fails: first", "cleanup: second", ": body"], failures.Lines());
        Assert.Equal("tools", failures.Title);
        Assert.Equal("fails", failures.Cause!.By);
    }

    [Fact]
    public async Task Run_OneFails_IsStillAGroup()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group => Task.FromException(new FormatException("alone"))));
        Assert.Equal([": alone"], failures.Lines());
        Assert.Equal(CancellationCauseKind.SiblingFailed, failures.Cause!.Kind);
    }

    [Fact]
    public async Task Run_BodyFails_CancelsTheChildren()
    {
        IReadOnlyList<Outcome> outcomes = [];
        TaskGroup? seen = null;
        await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start("waits", Forever);
            throw new FormatException("body, synchronously");
        }));
        outcomes = seen!.Outcomes;
        Assert.Equal(OutcomeKind.Cancelled, Assert.Single(outcomes).Kind);
    }

    [Fact]
    public async Task Run_BodyAwaitsTheFailedChild_OneLeafWithOneOrigin()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            await group.Start<int>("fails", _ => throw new FormatException("bad"))));
        Assert.Equal(["fails: bad"], failures.Lines());
        Assert.Single(failures.InnerExceptions);
    }

    [Fact]
    public async Task Run_SameInstanceFromTwoChildren_OneLeafTwoOrigins()
    {
        FormatException shared = new("shared");
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("a", _ => Task.FromException(shared));
            _ = group.Start("b", _ => Task.FromException(shared));
            return Task.CompletedTask;
        }, new() { Policy = GroupPolicy.CollectAll }));
        Assert.Equal(["a+b: shared"], failures.Lines());
    }

    [Fact]
    public async Task Run_ChildWithSeveralExceptions_ContributesAll()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            await group.Start("both", _ => Task.WhenAll(
                Task.FromException(new FormatException("one")), Task.FromException(new IOException("two"))))));
        Assert.Equal(["both: one", "both: two"], failures.Lines());
        Assert.Equal("both", Assert.IsType<ExceptionGroup>(Assert.Single(failures.InnerExceptions)).Title);
    }

    [Fact]
    public async Task Run_BodyAwaitsManyFailedChildrenAtOnce_EachOnceInOrder()
    {
        const int Count = 40_000;
        long before = TimeProvider.System.GetTimestamp();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
            Task.WhenAll(Enumerable.Range(0, Count).Select(i => group.Start(_ => Task.FromException(new FormatException($"{i}"))).AsTask())),
            new() { Policy = GroupPolicy.CollectAll, MaxFailures = Count }));
        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"#{i}: {i}"), failures.Lines());
        // Bounds the growth, not the speed: with a search among all children for each failure it took minutes.
        Assert.InRange(TimeProvider.System.GetElapsedTime(before), TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Run_ExceptionWhoseMembersThrow_IsCarriedAsAnyOther()
    {
        HostileException hostile = new();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            await group.Start("hostile", _ => Task.FromException(hostile))));
        Assert.Same(hostile, Assert.Single(failures.InnerExceptions));
        Assert.Contains(nameof(HostileException), failures.Message, StringComparison.Ordinal);
        Assert.Contains("hostile", failures.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CauseNamesTheFirstFailure_WhoeverWinsTheRace()
    {
        for (int round = 0; round < 1_000; round++)
        {
            TaskCompletionSource go = Signal();
            Task run = TaskGroup.RunAsync(group =>
            {
                for (int i = 0; i < 4; i++)
                {
                    _ = group.Start($"child {i}", async _ =>
                    {
                        await go.Task;
                        throw new FormatException("bad");
                    });
                }

                return Task.CompletedTask;
            });
            go.SetResult();
            ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
            Assert.Equal(failures.Leaves.First().Origins[0].ToString(), failures.Cause!.By);
            Assert.Equal(4, failures.LeafCount);
        }
    }

    [Fact]
    public async Task Run_OneFails_SiblingIsCancelledOnceWithTheCause()
    {
        int signalled = 0;
        CancellationCause? seen = null;
        await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("waits", async token =>
            {
                using CancellationTokenRegistration _ = token.Register(() => Interlocked.Increment(ref signalled));
                try
                {
                    await Forever(token);
                }
                finally
                {
                    seen = group.Cause;
                }
            });
            _ = group.Start("fails 1", _ => throw new FormatException("1"));
            return Task.CompletedTask;
        }));
        Assert.Equal(1, signalled);
        Assert.Equal((CancellationCauseKind.SiblingFailed, "fails 1"), (seen!.Kind, seen.By));
    }

    [Fact]
    [Trait("Rule", "E7")]
    public async Task Run_MoreThanMaxFailures_AllAreCounted()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            for (int i = 0; i < 1_000; i++) _ = group.Start(_ => Task.FromException(new FormatException("bad")));
            return Task.CompletedTask;
        }, new() { Policy = GroupPolicy.CollectAll, MaxFailures = 1 }));
        Assert.Equal(1_000, failures.LeafCount);
        Assert.Equal(2, failures.Leaves.Count());
    }

    private sealed class HostileException : Exception
    {
        public override string Message => throw new InvalidOperationException("no message");

        public override string? StackTrace => throw new InvalidOperationException("no stack");

        public override IDictionary Data => throw new InvalidOperationException("no data");

        public override string? Source { get => throw new InvalidOperationException("no source"); set => throw new InvalidOperationException("no source"); }

        public override string ToString() => throw new InvalidOperationException("no text");
    }
}
