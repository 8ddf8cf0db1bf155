using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>Delays, signals, and workflows that were stuck and are mended.</summary>
public sealed class WaitTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryJournal _journal = new();

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Delay_OfDays_EndsOnTheWorkflowsClockAndOutlastsTheHost()
    {
        await using (ServiceProvider first = Host(s => s.AddWorkflow<SleepTwoDays>()))
        {
            IWorkflowClient client = Client(first);
            await client.StartAsync(Run.Workflow<SleepTwoDays>(), "sleep", 0, Token);
            await EventAsync(client, "sleep", WorkflowEventKind.ChildStarted);
        }

        _time.Advance(TimeSpan.FromDays(3));
        await using ServiceProvider second = Host(s => s.AddWorkflow<SleepTwoDays>());
        // Downtime counts: the delay is over at the resume, a day late.
        Assert.Equal(TimeSpan.FromDays(3), await Client(second).ResultAsync<TimeSpan>("sleep", Token).WaitAsync(Guard, Token));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Delay_GroupCancelled_IsCancelledAtOnce()
    {
        await using ServiceProvider host = Host(s => s.AddWorkflow<SleepTwoDays>());
        IWorkflowClient client = Client(host);
        await client.StartAsync(Run.Workflow<SleepTwoDays>(), "sleep", 0, Token);
        Assert.True(await client.CancelAsync("sleep", "enough", Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.ResultAsync<TimeSpan>("sleep", Token).WaitAsync(Guard, Token));
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Signals_BeforeAndAfterTheWait_ArriveOnceAndInOrder()
    {
        await using ServiceProvider host = Host(s => s.AddWorkflow<TakeThree>());
        IWorkflowClient client = Client(host);
        await client.StartAsync(Run.Workflow<TakeThree>(), "take", 0, Token);
        Assert.True(await client.SignalAsync("take", "item", "a", key: "1", Token));
        Assert.True(await client.SignalAsync("take", "item", "a again", key: "1", Token));
        Assert.True(await client.SignalAsync("take", "other", "x", cancellationToken: Token));
        Assert.True(await client.SignalAsync("take", "item", "b", cancellationToken: Token));
        Assert.True(await client.SignalAsync("take", "item", "c", cancellationToken: Token));
        Assert.Equal("a b c x", await client.ResultAsync<string>("take", Token).WaitAsync(Guard, Token));
        Assert.False(await client.SignalAsync("take", "item", "late", cancellationToken: Token));
        Assert.False(await client.SignalAsync("nobody", "item", "x", cancellationToken: Token));
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Stuck_CodeMendedAndStartedAgain_GoesOn()
    {
        await using (ServiceProvider first = Host(s => s.AddWorkflow<AsksForeign>()))
        {
            await Client(first).StartAsync(Run.Workflow<AsksForeign>(), "ask", 20, Token);
            // The turn in which the code begins to wait is journaled with its step's end: what is over before would not be foreign.
            await EventAsync(Client(first), "ask", WorkflowEventKind.ChildEnded);
            _time.Advance(TimeSpan.FromMinutes(1));
            await Assert.ThrowsAsync<WorkflowStuckException>(() => Client(first).ResultAsync<int>("ask", Token).WaitAsync(Guard, Token));
        }

        await using ServiceProvider second = Host(s => s.AddWorkflow<AsksInAStep>());
        Assert.Equal(42, await Client(second).ResultAsync<int>("ask", Token).WaitAsync(Guard, Token));
        // What the mended code did beyond the journal is in it now: the next host repeats it.
        await using ServiceProvider third = Host(s => s.AddWorkflow<AsksInAStep>());
        Assert.Equal(42, await Client(third).ResultAsync<int>("ask", Token).WaitAsync(Guard, Token));
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Cancelled_ShieldedGroupOpenedAfterwards_Compensates()
    {
        await using ServiceProvider host = Host(s => s.AddWorkflow<Compensates>().AddWorker<Echo>());
        IWorkflowClient client = Client(host);
        await client.StartAsync(Run.Workflow<Compensates>(), "saga", 0, Token);
        await EventAsync(client, "saga", WorkflowEventKind.ChildStarted);
        Assert.True(await client.CancelAsync("saga", "changed my mind", Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.ResultAsync<string>("saga", Token).WaitAsync(Guard, Token));
        WorkflowDescription description = (await client.DescribeAsync("saga", Token))!;
        ChildDescription undo = description.Children.Single(child => child.Name == "undo");
        Assert.Equal((OutcomeKind.Succeeded, OutcomeKind.Succeeded), (undo.Outcome, undo.Children.Single().Outcome));
        Assert.Equal(WorkflowStatus.Cancelled, description.Status);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task Cancelled_LocalShieldedGroupOpenedAfterwards_RunsAndOthersAreRefused()
    {
        bool undone = false;
        await TaskGroup.RunAsync(async group =>
        {
            group.Cancel("enough");
            await group.GroupAsync("undo", async undo =>
            {
                await undo.Start("release", async token =>
                {
                    await Task.Yield();
                    token.ThrowIfCancellationRequested();
                });
                undone = true;
            }, new() { Shield = TimeSpan.FromSeconds(30) });
            Assert.Throws<OperationCanceledException>(() => { _ = group.GroupAsync("late", _ => Task.CompletedTask); });
        }).WaitAsync(Guard, Token);
        Assert.True(undone);
    }

    [Fact]
    public async Task Options_SetAfterAddSheaf_Hold()
    {
        ServiceCollection collection = new();
        collection.AddSheaf(s => s).UseOptions(new SheafOptions { MaxPayloadBytes = 7 }).UseEmbedded();
        await using ServiceProvider services = collection.BuildServiceProvider();
        Assert.Equal(7, services.GetRequiredService<SheafOptions>().MaxPayloadBytes);
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Worker_FailsAsAnotherWorkflowIsStuck_IsAFailureAndNotStuck()
    {
        FailureTypes types = new FailureTypes().Register<WorkflowStuckException>((string message, Exception? inner) => new WorkflowStuckException(message, inner));
        await using ServiceProvider host = Host(s => s.AddWorkflow<RunsStuckWorker>().AddWorker<SaysStuck>().UseOptions(new SheafOptions { FailureTypes = types }));
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => Client(host).RunAsync(Run.Workflow<RunsStuckWorker>(), "stuck", 0, Token).WaitAsync(Guard, Token));
        Assert.True(failures.Contains<WorkflowStuckException>());
    }

    [Fact]
    [Trait("Rule", "D1")]
    public async Task Start_OfARefusedInput_CompletesTheHandleLater()
    {
        await using ServiceProvider host = Host(s => s.AddWorkflow<SendsTooMuch>().AddWorker<Echo>().UseOptions(new SheafOptions { MaxPayloadBytes = 100 }));
        Assert.Equal("False Failed", await Client(host).RunAsync(Run.Workflow<SendsTooMuch>(), "much", 0, Token).WaitAsync(Guard, Token));
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Cancel_CallbackOfAWorkerThrows_IsThatWorkersFailure()
    {
        await using ServiceProvider host = Host(s => s.AddWorkflow<CancelsCareless>().AddWorker<Careless>());
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => Client(host).RunAsync(Run.Workflow<CancelsCareless>(), "careless", 0, Token).WaitAsync(Guard, Token));
        FailureLeaf leaf = Assert.Single(failures.Leaves);
        Assert.Equal(("careless", "from the callback"), (leaf.Origins[0].Path[^1], leaf.Exception.Message));
    }

    private static IWorkflowClient Client(ServiceProvider host) => host.GetRequiredService<IWorkflowClient>();

    private static async Task EventAsync(IWorkflowClient client, WorkflowId id, WorkflowEventKind kind)
    {
        await foreach (WorkflowEvent @event in client.WatchAsync(id, Token))
        {
            if (@event.Kind == kind) return;
        }
    }

    private ServiceProvider Host(Func<SheafBuilder, SheafBuilder> configure) =>
        new ServiceCollection().AddSingleton<TimeProvider>(_time).AddSheaf(configure).UseEmbedded(_journal).BuildServiceProvider();

    [Workflow("sleep/v1")]
    public sealed class SleepTwoDays : Workflow<int, TimeSpan>
    {
        public override async Task<TimeSpan> RunAsync(int input, WorkflowContext workflow)
        {
            DateTimeOffset before = workflow.UtcNow;
            await workflow.DelayAsync(TimeSpan.FromDays(2));
            return workflow.UtcNow - before;
        }
    }

    [Workflow("take/v1")]
    public sealed class TakeThree : Workflow<int, string>
    {
        public override async Task<string> RunAsync(int input, WorkflowContext workflow)
        {
            List<string> taken = [];
            for (int i = 0; i < 3; i++) taken.Add(await workflow.WaitForAsync<string>("item"));
            taken.Add(await workflow.WaitForAsync<string>("other"));
            return string.Join(' ', taken);
        }
    }

    [Workflow("ask/v1")]
    public sealed class AsksForeign(TimeProvider foreign) : Workflow<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkflowContext workflow)
        {
            int first = await workflow.Step("first", _ => Task.FromResult(input + 1));
            await Task.Delay(TimeSpan.FromMinutes(1), foreign);
            return first * 2;
        }
    }

    [Workflow("ask/v1")]
    public sealed class AsksInAStep : Workflow<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkflowContext workflow)
        {
            int first = await workflow.Step("first", _ => Task.FromResult(input + 1));
            return await workflow.Step("ask", token => Task.Run(() => first * 2, token));
        }
    }

    [Workflow("compensates/v1")]
    public sealed class Compensates : Workflow<int, string>
    {
        public override async Task<string> RunAsync(int input, WorkflowContext workflow)
        {
            try
            {
                return await workflow.WaitForAsync<string>("never");
            }
            finally
            {
                if (workflow.Cause is not null)
                    await workflow.GroupAsync("undo", async undo => await undo.Start(Run.Worker<Echo>(), "released"), new() { Shield = TimeSpan.FromSeconds(30) });
            }
        }
    }

    [Workflow("runs-stuck/v1")]
    public sealed class RunsStuckWorker : Workflow<int, int>
    {
        public override Task<int> RunAsync(int input, WorkflowContext workflow) =>
            workflow.GroupAsync("g", async group => await group.Start(Run.Worker<SaysStuck>(), 0));
    }

    [Worker("says-stuck/v1")]
    public sealed class SaysStuck : Worker<int, int>
    {
        public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) => throw new WorkflowStuckException("another one");
    }

    [Workflow("much/v1")]
    public sealed class SendsTooMuch : Workflow<int, string>
    {
        public override Task<string> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        {
            ChildTask<string> child = group.Start(Run.Worker<Echo>(), new string('x', 200), new ChildOptions { Isolated = true });
            bool endedInStart = child.HasEnded;
            return $"{endedInStart} {(await child.OutcomeAsync()).Kind}";
        });
    }

    [Workflow("cancels-careless/v1")]
    public sealed class CancelsCareless : Workflow<int, int>
    {
        public override Task<int> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        {
            ChildTask<int> child = group.Start("careless", Run.Worker<Careless>(), 0);
            await workflow.WaitForAsync<int>("go");
            group.Cancel("as tested");
            await child;
            return 1;
        });
    }

    [Worker("echo/v1")]
    public sealed class Echo : Worker<string, string>
    {
        public override Task<string> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(input);
    }

    [Worker("careless/v1")]
    public sealed class Careless(IWorkflowClient client) : Worker<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
        {
            await using CancellationTokenRegistration registration = cancellationToken.Register(() => throw new InvalidOperationException("from the callback"));
            await client.SignalAsync(context.WorkflowId, "go", 1, cancellationToken: CancellationToken.None);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return 1;
        }
    }
}
