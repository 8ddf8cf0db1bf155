using System.Runtime.CompilerServices;
using static Sheaf.Core.Tests.Groups.Guard;

namespace Sheaf.Core.Tests.Groups;

[Trait("Rule", "R14")]
public sealed class ReadyTests
{
    private static readonly RetryPolicy Steady = new() { InitialDelay = TimeSpan.FromSeconds(1), Jitter = 0 };
    private readonly TestTime _time = new();

    [Fact]
    public async Task Start_ChildSaysReady_GivesTheValueWhileTheChildRunsOn()
    {
        TaskCompletionSource bound = Signal();
        TaskCompletionSource stop = Signal();
        await TaskGroup.RunAsync(async group =>
        {
            ChildStart<int> start = group.StartAsync<int>("server", async (context, _) =>
            {
                await bound.Task;
                context.Ready(8080);
                await stop.Task;
            });
            Task<int> port = start;
            Assert.False(port.IsCompleted);
            bound.SetResult();
            Assert.Equal(8080, await port.Within("the port"));
            Assert.False(start.Child.HasEnded);
            Assert.Equal("server", start.Child.Name);
            stop.SetResult();
        }).Within("the group's end");
    }

    [Fact]
    public async Task Start_ChildIsReadyAndEndsAtOnce_GivesBothValues()
    {
        string text = await TaskGroup.RunAsync(async group =>
        {
            ChildStart<int, string> start = group.StartAsync<int, string>("quick", (context, _) =>
            {
                context.Ready(1);
                return Task.FromResult("done");
            });
            Assert.True(start.Child.HasEnded);
            return $"{await start} {await start} {await start.Child}";
        }).Within("the group's end");
        Assert.Equal("1 1 done", text);
    }

    [Fact]
    public async Task Ready_FromAnotherThread_IsTheChilds()
    {
        await TaskGroup.RunAsync(async group => Assert.Equal("up", await group.StartAsync<string>("server", async (context, token) =>
            await Task.Run(() => context.Ready("up"), token))));
    }

    [Fact]
    public async Task Ready_IsNull_IsAValue() => Assert.Null(await TaskGroup.RunAsync(async group =>
        await group.StartAsync<string?>("server", (context, _) =>
        {
            context.Ready(null);
            return Task.CompletedTask;
        })));

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Ready_Twice_IsTheChildsFailure()
    {
        int? value = null;
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            value = await group.StartAsync<int>("server", (context, _) =>
            {
                context.Ready(1);
                context.Ready(2);
                return Task.CompletedTask;
            })));
        Assert.Equal(["server: Child 'server' said that it is ready twice. Call context.Ready once."], failures.Lines());
        Assert.Equal(1, value);
    }

    [Fact]
    public async Task Ready_AfterTheEnd_ThrowsToWhoSaysIt()
    {
        ReadyContext<int>? kept = null;
        await TaskGroup.RunAsync(async group => Assert.Equal(1, await group.StartAsync<int>("server", (context, _) =>
        {
            kept = context;
            context.Ready(1);
            return Task.CompletedTask;
        })));
        InvalidOperationException late = Assert.Throws<InvalidOperationException>(() => kept!.Ready(2));
        Assert.Equal("Child 'server' said that it is ready after its attempt had ended.", late.Message);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task FailureBeforeReady_IsAwaited_IsTheBodysOnce()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            await group.StartAsync<int>("server", (_, _) => throw new IOException("port taken"))));
        Assert.Equal(["server: port taken"], failures.Lines());
    }

    [Theory]
    [InlineData(GroupPolicy.FailFast)]
    [InlineData(GroupPolicy.CollectAll)]
    [Trait("Rule", "R16")]
    public async Task FailureBeforeReady_IsCaught_IsHandled(GroupPolicy policy)
    {
        IOException failure = new("port taken");
        TaskGroup? seen = null;
        await TaskGroup.RunAsync(async group =>
        {
            seen = group;
            ChildTask sibling = group.Start("sibling", Forever);
            ChildStart<int> start = group.StartAsync<int>("server", async (_, _) =>
            {
                await Task.Yield();
                throw failure;
            });
            Assert.Same(failure, await Assert.ThrowsAsync<IOException>(async () => await start));
            Assert.Null(group.Cause);
            Assert.False(sibling.HasEnded);
            group.Cancel();
        }, new() { Policy = policy }).Within("the group's end");
        Assert.Equal([OutcomeKind.Cancelled, OutcomeKind.Failed], seen!.Outcomes.Select(outcome => outcome.Kind));
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task FailureBeforeReady_NobodyAwaits_CountsAndCancelsNobody()
    {
        TaskCompletionSource release = Signal();
        TaskGroup? seen = null;
        Task run = TaskGroup.RunAsync(group =>
        {
            seen = group;
            _ = group.Start("sibling", _ => release.Task);
            _ = group.StartAsync<int>("server", (_, _) => throw new IOException("port taken"));
            return Task.CompletedTask;
        });
        Assert.Null(seen!.Cause);
        release.SetResult();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Equal(["server: port taken"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task FailureBeforeReady_OnlyTheChildIsAwaited_IsItsAwaiters()
    {
        await TaskGroup.RunAsync(async group =>
        {
            ChildStart<int> start = group.StartAsync<int>("server", (_, _) => throw new IOException("port taken"));
            Outcome outcome = await start.Child.OutcomeAsync();
            Assert.Equal("port taken", outcome.Exception!.Message);
        }).Within("the group's end");
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task FailureBeforeReady_InASiblingThatStarts_FailsTheSibling()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.Start("starter", async _ => await group.StartAsync<int>("server", (_, _) => throw new IOException("port taken")));
            return Task.CompletedTask;
        }));
        Assert.Equal(["starter: port taken"], failures.Lines());
        Assert.Equal("starter", failures.Cause!.By);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task FailureBeforeReady_HasSeveralExceptions_AllAreThrown()
    {
        await TaskGroup.RunAsync(async group =>
        {
            ChildStart<int> start = group.StartAsync<int>("server", (_, _) =>
                Task.WhenAll(Task.FromException(new IOException("1")), Task.FromException(new FormatException("2"))));
            ExceptionGroup both = await Assert.ThrowsAsync<ExceptionGroup>(() => start);
            Assert.Equal(["1", "2"], both.InnerExceptions.Select(error => error.Message));
        }).Within("the group's end");
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task FailureAfterReady_StartWasAwaited_EndsTheGroup()
    {
        TaskCompletionSource fail = Signal();
        bool siblingCancelled = false;
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
        {
            _ = group.Start("sibling", async token =>
            {
                await Forever(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                siblingCancelled = true;
            });
            await group.StartAsync<int>("server", async (context, _) =>
            {
                context.Ready(1);
                await fail.Task;
                throw new IOException("connection lost");
            });
            fail.SetResult();
        }));
        Assert.Equal(["server: connection lost"], failures.Lines());
        Assert.True(siblingCancelled);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    [Trait("Rule", "R16")]
    public async Task FailureAfterReady_Isolated_CountsUnlessTheChildIsAwaited(bool awaitsChild, int counted)
    {
        Task run = TaskGroup.RunAsync(async group =>
        {
            ChildStart<int> start = group.StartAsync<int>("server", (context, _) =>
            {
                context.Ready(1);
                throw new IOException("connection lost");
            }, new() { Isolated = true });
            Assert.Equal(1, await start);
            if (awaitsChild) Assert.Equal(OutcomeKind.Failed, (await start.Child.OutcomeAsync()).Kind);
            Assert.Null(group.Cause);
        });
        Exception? thrown = await Record.ExceptionAsync(() => run.Within("the group's end"));
        Assert.Equal(counted, (thrown as ExceptionGroup)?.LeafCount ?? 0);
    }

    [Fact]
    public async Task Child_ReturnsWithoutBeingReady_HasFailed()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            await group.StartAsync<int, string>("server", (_, _) => Task.FromResult("done"))));
        Assert.Equal(["server: Child 'server' ended without saying that it is ready. Call context.Ready(value) before the work returns, or use Start."], failures.Lines());
        Assert.IsType<InvalidOperationException>(Assert.Single(failures.InnerExceptions));
    }

    [Fact]
    [Trait("Rule", "R4")]
    public async Task Child_AskedToStopAndReturnsWithoutBeingReady_WasCancelled()
    {
        TaskGroup? seen = null;
        await TaskGroup.RunAsync(async group =>
        {
            seen = group;
            ChildStart<int> start = group.StartAsync<int>("server", async (_, token) =>
                await Forever(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
            group.Cancel();
            await Assert.ThrowsAsync<OperationCanceledException>(() => start);
        }).Within("the group's end");
        Assert.Equal(OutcomeKind.Cancelled, Assert.Single(seen!.Outcomes).Kind);
    }

    [Fact]
    [Trait("Rule", "R5")]
    public async Task Group_CancelledFromOutsideWhileTheStartIsAwaited_ThrowsForTheCallersToken()
    {
        using CancellationTokenSource caller = new();
        Task run = TaskGroup.RunAsync(async group => await group.StartAsync<int>("server", (_, token) => Forever(token)), cancellationToken: caller.Token);
        await caller.CancelAsync();
        OperationCanceledException thrown = await Throws<OperationCanceledException>(() => run);
        Assert.Equal(caller.Token, thrown.CancellationToken);
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task Group_DeadlineWhileTheStartIsAwaited_IsTheDeadlines()
    {
        Task run = TaskGroup.RunAsync(
            async group => await group.StartAsync<int>("server", (_, token) => Forever(token)),
            new() { TimeProvider = _time, Deadline = TimeSpan.FromSeconds(5) });
        _time.Advance(TimeSpan.FromSeconds(5));
        await Throws<DeadlineExceededException>(() => run);
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Sibling_FailsWhileTheStartIsAwaited_InterruptsTheBody()
    {
        TaskCompletionSource fail = Signal();
        Task run = TaskGroup.RunAsync(async group =>
        {
            _ = group.Start("sibling", async _ =>
            {
                await fail.Task;
                throw new FormatException("bad");
            });
            await group.StartAsync<int>("server", (_, token) => Forever(token));
        });
        fail.SetResult();
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => run);
        Assert.Equal(["sibling: bad"], failures.Lines());
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Ready_InACancelledGroup_GivesTheValue()
    {
        await TaskGroup.RunAsync(async group =>
        {
            ChildStart<int> start = group.StartAsync<int>("server", async (context, token) =>
            {
                await Forever(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                context.Ready(1);
                token.ThrowIfCancellationRequested();
            });
            group.Cancel();
            Assert.Equal(1, await start);
            Assert.Equal(OutcomeKind.Cancelled, (await start.Child.OutcomeAsync()).Kind);
        }).Within("the group's end");
    }

    [Fact]
    [Trait("Rule", "R2")]
    public async Task StartAsync_InACancelledGroup_Throws()
    {
        await TaskGroup.RunAsync(group =>
        {
            group.Cancel();
            Assert.Throws<OperationCanceledException>(() => { _ = group.StartAsync<int>("server", (_, _) => Task.CompletedTask); });
            return Task.CompletedTask;
        }).Within("the group's end");
    }

    [Fact]
    public async Task StartAsync_NullOrEmpty_Throws()
    {
        await TaskGroup.RunAsync(group =>
        {
            Assert.Throws<ArgumentException>(() => { _ = group.StartAsync<int>("", (_, _) => Task.CompletedTask); });
            Assert.Throws<ArgumentNullException>(() => { _ = group.StartAsync<int>("server", null!); });
            Assert.Throws<ArgumentNullException>(() => { _ = group.StartAsync<int, int>("server", null!); });
            Assert.Throws<ArgumentNullException>(() => { Task<int> _ = (ChildStart<int>)null!; });
            return Task.CompletedTask;
        }).Within("the group's end");
    }

    [Fact]
    public async Task Child_DelegateReturnsNull_HasFailed()
    {
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            await group.StartAsync<int>("server", (_, _) => NoTask())));
        Assert.StartsWith("server: The delegate of child 'server' returned null", Assert.Single(failures.Lines()), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task Child_WaitsForTheWindow_StartWaitsToo()
    {
        TaskCompletionSource release = Signal();
        await TaskGroup.RunAsync(async group =>
        {
            _ = group.Start("holds", _ => release.Task);
            bool began = false;
            Task<int> start = group.StartAsync<int>("server", (context, _) =>
            {
                began = true;
                context.Ready(1);
                return Task.CompletedTask;
            });
            Assert.False(began);
            release.SetResult();
            Assert.Equal(1, await start.Within("the place in the window"));
        }, new() { MaxConcurrency = 1 }).Within("the group's end");
    }

    [Fact]
    [Trait("Rule", "R11")]
    public async Task Child_NeverGotAPlace_StartSaysSo()
    {
        await TaskGroup.RunAsync(async group =>
        {
            _ = group.Start("holds", Forever);
            ChildStart<int> start = group.StartAsync<int>("server", (_, _) => Task.CompletedTask);
            group.Cancel();
            OperationCanceledException thrown = await Assert.ThrowsAsync<OperationCanceledException>(() => start);
            Assert.StartsWith("Child 'server' was never started", thrown.Message, StringComparison.Ordinal);
        }, new() { MaxConcurrency = 1 }).Within("the group's end");
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task FailureBeforeReady_WithRetry_IsTriedAgain()
    {
        ReadyContext<int>? first = null;
        TaskGroup? seen = null;
        Task<int> run = TaskGroup.RunAsync(async group =>
        {
            seen = group;
            return await group.StartAsync<int>("server", (context, _) =>
            {
                if (first is null)
                {
                    first = context;
                    throw new IOException("port taken");
                }

                Assert.Throws<InvalidOperationException>(() => first.Ready(1));
                context.Ready(2);
                return Task.CompletedTask;
            }, new() { Retry = Steady });
        }, new() { TimeProvider = _time });
        Assert.Equal(TimeSpan.FromSeconds(1), await _time.NextTimer());
        Assert.Throws<InvalidOperationException>(() => first!.Ready(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await run.Within("the second attempt"));
        Assert.Equal(2, Assert.Single(seen!.Outcomes).Attempts);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task NeverReady_WithRetry_IsTriedAgainAsAnyFailure()
    {
        int attempts = 0;
        await TaskGroup.RunAsync(async group =>
        {
            ChildStart<int> start = group.StartAsync<int>("server", (_, _) =>
            {
                attempts++;
                return Task.CompletedTask;
            }, new() { Retry = Steady with { InitialDelay = TimeSpan.Zero } });
            await Assert.ThrowsAsync<InvalidOperationException>(() => start);
        }).Within("the group's end");
        Assert.Equal(3, attempts);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task FailureAfterReady_WithRetry_IsNotTriedAgain()
    {
        int attempts = 0;
        ExceptionGroup failures = await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(async group =>
            await group.StartAsync<int>("server", (context, _) =>
            {
                attempts++;
                context.Ready(1);
                throw new IOException("connection lost");
            }, new() { Retry = Steady })));
        Assert.Equal(["server: connection lost"], failures.Lines());
        Assert.Equal(1, attempts);
    }

    [Fact]
    [Trait("Rule", "R12")]
    public async Task AttemptTimeout_BeforeReady_IsTheStartersFailure()
    {
        Task run = TaskGroup.RunAsync(async group =>
        {
            ChildStart<int> start = group.StartAsync<int>("server", (_, token) => Forever(token), new() { Retry = Steady with { MaxAttempts = 1, AttemptTimeout = TimeSpan.FromSeconds(5) } });
            await Assert.ThrowsAsync<TimeoutException>(() => start);
        }, new() { TimeProvider = _time });
        Assert.Equal(TimeSpan.FromSeconds(5), await _time.NextTimer());
        _time.Advance(TimeSpan.FromSeconds(5));
        await run.Within("the group's end");
    }

    [Fact]
    [Trait("Rule", "R9")]
    public async Task Abandoned_BeforeReady_IsThrownToTheStarterAndCannotBecomeReady()
    {
        ReadyContext<int>? context = null;
        TaskCompletionSource gate = Signal();
        Task run = TaskGroup.RunAsync(async group =>
        {
            ChildStart<int> start = group.StartAsync<int>("deaf", async (given, _) =>
            {
                context = given;
                await gate.Task;
            });
            group.Cancel();
            await Assert.ThrowsAsync<ChildAbandonedException>(() => start);
        }, new() { TimeProvider = _time, GracePeriod = TimeSpan.FromSeconds(10) });
        _time.Advance(TimeSpan.FromSeconds(10));
        await run.Within("the group's end");
        Assert.Throws<InvalidOperationException>(() => context!.Ready(1));
        gate.SetResult();
    }

    [Fact]
    [Trait("Rule", "R16")]
    public async Task FailureBeforeReady_NobodyAwaits_LeavesNoUnobservedTask()
    {
        List<string> unobserved = [];
        void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs args)
        {
            if (args.Exception.InnerExceptions[0] is NotSupportedException) unobserved.Add(args.Exception.Message);
        }

        TaskScheduler.UnobservedTaskException += OnUnobserved;
        try
        {
            await FailToStartAsync();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= OnUnobserved;
        }

        Assert.Empty(unobserved);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task FailToStartAsync() => await Throws<ExceptionGroup>(() => TaskGroup.RunAsync(group =>
        {
            _ = group.StartAsync<int>("server", async (_, _) =>
            {
                await Task.Yield();
                throw new NotSupportedException("no such port");
            });
            return Task.CompletedTask;
        }));
    }

    [Fact]
    [Trait("Rule", "R13")]
    public async Task Open_StartAndJoin_WaitsForTheChildsEnd()
    {
        TaskCompletionSource stop = Signal();
        await using TaskGroup group = TaskGroup.Open();
        ChildStart<string, int> start = group.StartAsync("server", async (ReadyContext<string> context, CancellationToken _) =>
        {
            context.Ready("up");
            await stop.Task;
            return 7;
        });
        Assert.Equal("up", await start);
        Task join = group.JoinAsync();
        Assert.False(join.IsCompleted);
        stop.SetResult();
        await join.Within("the group's end");
        Assert.Equal(7, await start.Child);
        Assert.Equal("server", Assert.Single(await group.Completions.ToListAsync()).Name);
    }

    /// <summary>Ready and the end of a group race: the start gives the value or throws, and the failure is somewhere, once.</summary>
    [Fact]
    [Trait("Rule", "R3")]
    public async Task ReadyAndAbandonment_Race_TheFailureIsNeverLostAndNeverTwice()
    {
        for (int round = 0; round < 500; round++)
        {
            TestTime time = new();
            TaskCompletionSource go = Signal();
            TaskCompletionSource gate = Signal();
            bool gotValue = false;
            bool gotFailure = false;
            Task saying = Task.CompletedTask;
            Task run = TaskGroup.RunAsync(async group =>
            {
                ChildStart<int> start = group.StartAsync<int>("deaf", (context, _) =>
                {
                    saying = SayAsync(context);
                    return gate.Task;
                });
                group.Cancel();
                try
                {
                    gotValue = await start == 1;
                }
                catch (ChildAbandonedException)
                {
                    gotFailure = true;
                }
            }, new() { TimeProvider = time, GracePeriod = TimeSpan.FromSeconds(10) });
            Task advance = Task.Run(async () =>
            {
                await go.Task;
                time.Advance(TimeSpan.FromSeconds(10));
            });
            go.SetResult();
            Exception? thrown = await Record.ExceptionAsync(() => run.Within("the group's end"));
            await advance;
            Exception? refused = await Record.ExceptionAsync(() => saying);
            gate.SetResult();

            Assert.Equal(gotValue, !gotFailure);
            Assert.Equal(gotValue, thrown is ExceptionGroup { LeafCount: 1 });
            Assert.Equal(gotFailure, refused is InvalidOperationException);

            async Task SayAsync(ReadyContext<int> context)
            {
                await go.Task;
                context.Ready(1);
            }
        }
    }
}
