using System.Runtime.CompilerServices;
using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R15")]
public sealed class MapTests
{
    [Fact]
    public async Task Map_List_RunsEachItemOnceWithinTheWindow()
    {
        int running = 0, most = 0;
        bool[] done = new bool[1_000];
        MapSummary summary = await TaskGroup.MapAsync(Enumerable.Range(0, 1_000), async (item, _) =>
        {
            int now = Interlocked.Increment(ref running);
            int seen;
            while ((seen = Volatile.Read(ref most)) < now) Interlocked.CompareExchange(ref most, now, seen);
            await Task.Yield();
            done[item] = true;
            Interlocked.Decrement(ref running);
        }, Window(8)).Within("the map");
        Assert.Equal(new MapSummary(1_000, 0, 0, null), summary);
        Assert.InRange(most, 1, 8);
        Assert.DoesNotContain(false, done);
    }

    [Fact]
    public async Task Map_EmptySource_SummaryIsZero()
    {
        Assert.Equal(0, (await TaskGroup.MapAsync(Array.Empty<int>(), (_, _) => Task.CompletedTask).Within("the map")).Total);
        Assert.Equal(0, (await TaskGroup.MapAsync(Stream(0), (_, _) => Task.CompletedTask).Within("the map")).Total);
    }

    [Fact]
    public async Task Map_NullArguments_AreRefused()
    {
        await Throws<ArgumentNullException>(() => TaskGroup.MapAsync((IEnumerable<int>)null!, (_, _) => Task.CompletedTask));
        await Throws<ArgumentNullException>(() => TaskGroup.MapAsync((IAsyncEnumerable<int>)null!, (_, _) => Task.CompletedTask));
        await Throws<ArgumentNullException>(() => TaskGroup.MapAsync(Stream(1), null!));
        await Throws<ArgumentOutOfRangeException>(() => TaskGroup.MapAsync(Stream(1), (_, _) => Task.CompletedTask, Window(0)));
    }

    [Fact]
    public async Task Map_EndlessStream_EndsByTheTokenAndDisposesOfTheSource()
    {
        using CancellationTokenSource caller = new();
        bool disposed = false;
        int ran = 0;
        Task<MapSummary> map = TaskGroup.MapAsync(Endless(), async (_, _) =>
        {
            if (Interlocked.Increment(ref ran) == 100) await caller.CancelAsync();
        }, Window(4), caller.Token);
        var error = await Throws<OperationCanceledException>(() => map);
        Assert.Equal(caller.Token, error.CancellationToken);
        Assert.True(disposed);

        async IAsyncEnumerable<int> Endless([EnumeratorCancellation] CancellationToken token = default)
        {
            try
            {
                for (int i = 0; ; i++)
                {
                    await Task.Yield();
                    yield return i;
                }
            }
            finally
            {
                disposed = true;
                Assert.True(token.CanBeCanceled);
            }
        }
    }

    [Fact]
    public async Task Map_EndlessListAndMoveOn_ReturnsWhatWasDone()
    {
        TestTime time = new();
        int ran = 0;
        Task<MapSummary> map = TaskGroup.MapAsync(Repeat(), (_, token) => Interlocked.Increment(ref ran) < 10 ? Task.CompletedTask : Forever(token),
            new() { Group = new() { MaxConcurrency = 3, MoveOnAfter = TimeSpan.FromSeconds(1), TimeProvider = time } });
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new MapSummary(9, 0, 3, null), await map.Within("the map"));

        static IEnumerable<int> Repeat()
        {
            while (true) yield return 0;
        }
    }

    [Fact]
    public async Task Map_SourceIsReadOnlyAsPlacesBecomeFree()
    {
        int read = 0;
        TaskCompletionSource release = Signal();
        Task<MapSummary> map = TaskGroup.MapAsync(Count(), (_, _) => release.Task, Window(3));
        // The one that waits for a place has been read.
        Assert.Equal(4, read);
        release.SetResult();
        Assert.Equal(10, (await map.Within("the map")).Succeeded);

        IEnumerable<int> Count()
        {
            for (int i = 0; i < 10; i++)
            {
                read++;
                yield return i;
            }
        }
    }

    [Theory]
    [InlineData(GroupPolicy.FailFast, true)]
    [InlineData(GroupPolicy.CollectAll, false)]
    [InlineData(GroupPolicy.Settle, false)]
    public async Task Map_SourceThrows_MapFailsWithItAndTheRest(GroupPolicy policy, bool async)
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => async
            ? TaskGroup.MapAsync(Stream(5, new IOException("source")), (_, _) => Task.CompletedTask, Policy(policy))
            : TaskGroup.MapAsync(Broken(), (_, _) => Task.CompletedTask, Policy(policy)));
        Assert.Equal([": source"], failures.Lines());

        static IEnumerable<int> Broken()
        {
            yield return 1;
            throw new IOException("source");
        }
    }

    [Fact]
    public async Task Map_FailFast_StopsReading()
    {
        int read = 0;
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.MapAsync(Enumerable.Range(0, 1_000).Select(i => read = i),
            (item, _) => item == 10 ? Task.FromException(new FormatException("ten")) : Task.CompletedTask, Window(2)));
        Assert.Equal(["#10: ten"], failures.Lines());
        Assert.InRange(read, 10, 11);
        Assert.Equal("#10", failures.Cause!.By);
    }

    [Fact]
    public async Task Map_SettleAndCollectAll_CountAndKeepFailures()
    {
        Func<int, CancellationToken, Task> work = (item, _) => item % 2 == 0 ? Task.FromException(new FormatException($"{item}")) : Task.CompletedTask;
        MapOptions<int> options = new() { Group = new() { Policy = GroupPolicy.Settle, MaxFailures = 10, MaxConcurrency = 4 } };
        MapSummary summary = await TaskGroup.MapAsync(Enumerable.Range(0, 1_000), work, options).Within("the map");
        Assert.Equal((500, 500, 0), (summary.Succeeded, summary.Failed, summary.Cancelled));
        Assert.Equal(500, summary.Failures!.LeafCount);
        Assert.Equal(11, summary.Failures.Leaves.Count());
        options = options with { Group = options.Group! with { Policy = GroupPolicy.CollectAll } };
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.MapAsync(Enumerable.Range(0, 1_000), work, options));
        Assert.Equal(500, failures.LeafCount);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Map_DeadlineAndFailures_HasTheDeadlineOnce()
    {
        foreach (GroupPolicy policy in Enum.GetValues<GroupPolicy>())
        {
            TestTime time = new();
            Task<MapSummary> map = TaskGroup.MapAsync(Late(), (_, token) => FailWhenCancelled(new IOException("cleanup"), token),
                new() { Group = new() { Policy = policy, Deadline = TimeSpan.FromSeconds(1), TimeProvider = time, MaxConcurrency = 8 } });
            time.Advance(TimeSpan.FromSeconds(1));
            ExceptionGroup failures = await Throws<ExceptionGroup>(() => map);
            Assert.Single(failures.Leaves, leaf => leaf.Exception is DeadlineExceededException);
            Assert.Single(failures.Leaves, leaf => leaf.Exception.Message == "cleanup");
            Assert.Single(failures.Leaves, leaf => leaf.Exception.Message == "source");
        }

        static async IAsyncEnumerable<int> Late([EnumeratorCancellation] CancellationToken token = default)
        {
            yield return 1;
            await FailWhenCancelled(new FormatException("source"), token);
        }
    }

    [Fact]
    public async Task Map_NamesItems_AndACallbackThatThrowsFailsTheMap()
    {
        MapOptions<int> named = Window(1) with { Name = item => $"item {item}" };
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.MapAsync([1, 2], (_, _) => Task.FromException(new FormatException("bad")), named));
        Assert.Equal(["item 1: bad"], failures.Lines());

        int ran = 0;
        Func<int, CancellationToken, Task> count = (_, _) =>
        {
            ran++;
            return Task.CompletedTask;
        };
        failures = await Throws<ExceptionGroup>(() => TaskGroup.MapAsync([1, 2], count, Policy(GroupPolicy.Settle) with { Name = _ => throw new IOException("name") }));
        Assert.Equal([": name"], failures.Lines());
        failures = await Throws<ExceptionGroup>(() => TaskGroup.MapAsync([1, 2], count, named with { Name = _ => "" }));
        Assert.IsType<ArgumentException>(Assert.Single(failures.InnerExceptions));
        Assert.Equal(0, ran);
        await TaskGroup.MapAsync([1, 2], count, named with { Name = _ => null!, Progress = new Told(outcome => Assert.StartsWith("#", outcome.Name, StringComparison.Ordinal)) })
            .Within("the map");
        Assert.Equal(2, ran);
    }

    [Fact]
    public async Task Map_Progress_IsToldOfEachChildAndFailsTheMapIfItThrows()
    {
        int told = 0;
        await TaskGroup.MapAsync(Enumerable.Range(0, 100), async (_, _) => await Task.Yield(),
            Window(4) with { Progress = new Told(_ => Interlocked.Increment(ref told)) }).Within("the map");
        Assert.Equal(100, told);
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.MapAsync(Enumerable.Range(0, 100), (_, _) => Task.CompletedTask,
            Policy(GroupPolicy.Settle) with { Progress = new Told(outcome => throw new IOException($"callback {outcome.Ordinal}")) }));
        Assert.Equal(["(progress): callback 0"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task Map_Retry_CountsAChildOnce()
    {
        int calls = 0;
        MapSummary summary = await TaskGroup.MapAsync([1], (_, _) => ++calls < 3 ? throw new IOException() : Task.CompletedTask,
            new() { Group = new() { Retry = new() { InitialDelay = TimeSpan.Zero } } }).Within("the map");
        Assert.Equal((3, 1L), (calls, summary.Total));
    }

    private sealed class Told(Action<Outcome> then) : IProgress<Outcome>
    {
        public void Report(Outcome value) => then(value);
    }

    private static MapOptions<int> Window(int size) => new() { Group = new() { MaxConcurrency = size } };

    private static MapOptions<int> Policy(GroupPolicy policy) => new() { Group = new() { Policy = policy, MaxConcurrency = 2 } };

    internal static async IAsyncEnumerable<int> Stream(int count, Exception? error = null)
    {
        for (int i = 0; i < count; i++)
        {
            if (i % 100 == 0) await Task.Yield();
            yield return i;
        }

        if (error is not null) throw error;
    }
}
