using Microsoft.Extensions.Time.Testing;
using Sheaf.Samples.Agent;
using Sheaf.Samples.Agent.Workflows;

namespace Sheaf.Samples.Tests.Agent;

public sealed class InterruptibleStartTests : IDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    private FakeTimeProvider _time = new PassingTime();
    private readonly StringWriter _notes = new() { NewLine = "\n" };
    private readonly CancellationTokenSource _interruption = new();
    private readonly StartedClient _client = new();

    public void Dispose()
    {
        _notes.Dispose();
        _interruption.Dispose();
    }

    [Fact]
    public async Task Run_NotInterrupted_IsTheStart()
    {
        Task<bool> run = RunAsync();
        _client.Start.SetResult(false);
        Assert.False(await run.WaitAsync(Guard, TestContext.Current.CancellationToken));
        Assert.Equal(0, _client.Cancellations);
        Assert.Equal("", _notes.ToString());
    }

    [Fact]
    public async Task Run_InterruptedBeforeItBegan_StartsNothing()
    {
        await _interruption.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(RunAsync);
        Assert.False(_client.HasStarted);
    }

    [Fact]
    [Trait("Rule", "C2")]
    public async Task Run_InterruptedInTheStart_CancelsAgainAndAgainUntilThatTakesHold()
    {
        _client.Cancel = () =>
        {
            if (_client.Cancellations < 3) return false;
            _client.Start.TrySetResult(true);
            return true;
        };
        Task<bool> run = RunAsync();
        await _interruption.CancelAsync();
        Assert.True(await run.WaitAsync(Guard, TestContext.Current.CancellationToken));
        Assert.Equal(3, _client.Cancellations);
        Assert.Equal("The start of workflow 'w' is not answered yet. It is cancelled as soon as it is there; Ctrl+C again leaves at once.\n", _notes.ToString());
    }

    [Fact]
    public async Task Run_TheStartFailsAfterTheInterruption_SaysWhyAndCancelsNoMore()
    {
        _client.Cancel = () =>
        {
            _client.Start.TrySetException(new InvalidOperationException("The workflow id 'w' belongs to another."));
            return false;
        };
        Task<bool> run = RunAsync();
        await _interruption.CancelAsync();
        Assert.Equal("The workflow id 'w' belongs to another.", (await Assert.ThrowsAsync<UsageException>(() => run.WaitAsync(Guard, TestContext.Current.CancellationToken))).Message);
        Assert.Equal(1, _client.Cancellations);
    }

    [Fact]
    public async Task Run_TheIdIsAnothersAndThatIsSoonSaid_CancelsNothing()
    {
        _time = new FakeTimeProvider();
        Task<bool> run = RunAsync();
        await _interruption.CancelAsync();
        _client.Start.SetException(new InvalidOperationException("The workflow id 'w' belongs to another."));
        await Assert.ThrowsAsync<UsageException>(() => run.WaitAsync(Guard, TestContext.Current.CancellationToken));
        Assert.Equal(0, _client.Cancellations);
    }

    [Fact]
    public async Task Run_TheStartIsNotAnsweredInTime_MayHaveBegun_AndIsCancelled()
    {
        _client.Cancel = () => _client.Cancellations == 5;
        Task<bool> run = RunAsync();
        await _interruption.CancelAsync();
        _client.Start.SetException(new TimeoutException("no answer"));
        Assert.True(await run.WaitAsync(Guard, TestContext.Current.CancellationToken));
        Assert.Equal(5, _client.Cancellations);
    }

    [Fact]
    public async Task Run_NothingAnswers_EndsWithinTheBoundAndSaysThatItMayBeginYet()
    {
        long began = _time.GetTimestamp();
        Task<bool> run = RunAsync();
        await _interruption.CancelAsync();
        var unknown = await Assert.ThrowsAsync<StartNotAnsweredException>(() => run.WaitAsync(Guard, TestContext.Current.CancellationToken));
        Assert.StartsWith("Neither the start of workflow 'w' nor its cancellation was answered within 45 s.", unknown.Message, StringComparison.Ordinal);
        Assert.InRange(_time.GetElapsedTime(began), InterruptibleStart.Bound, InterruptibleStart.Bound + TimeSpan.FromSeconds(1));
        Assert.True(_client.Cancellations > 10);
    }

    [Fact]
    public async Task Run_AnIdThatIsNotForClients_SaysSoWithoutTheParametersName()
    {
        _client.Start.SetException(new ArgumentException("Not for a client to give.", "id"));
        Assert.Equal("Not for a client to give.", (await Assert.ThrowsAsync<UsageException>(RunAsync)).Message);
    }

    private Task<bool> RunAsync() => new InterruptibleStart(_client, new WorkflowId("w"), "because", _notes, _time)
        .RunAsync(Run.Workflow<AnswerQuestion>(), new AgentQuestion("What?", SearchTerms: null, Expression: null), _interruption.Token);

    /// <summary>Time that passes by what is waited for, and no other.</summary>
    private sealed class PassingTime : FakeTimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime > TimeSpan.Zero) ThreadPool.QueueUserWorkItem(_ => Advance(dueTime));
            return timer;
        }
    }

    /// <summary>A client whose start ends when the test says so.</summary>
    private sealed class StartedClient : IWorkflowClient
    {
        public TaskCompletionSource<bool> Start { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool HasStarted { get; private set; }

        public int Cancellations { get; private set; }

        public Func<bool> Cancel { get; set; } = () => false;

        public Task<bool> StartAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, WorkflowId id, TIn input, CancellationToken cancellationToken = default)
        {
            HasStarted = true;
            return Start.Task.WaitAsync(cancellationToken);
        }

        public Task<bool> CancelAsync(WorkflowId id, string? reason = null, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Assert.Equal(("w", "because"), (id.Value, reason));
            Cancellations++;
            return Task.FromResult(Cancel());
        }

        public Task<TOut> RunAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, WorkflowId id, TIn input, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<TOut> ResultAsync<TOut>(WorkflowId id, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<bool> TerminateAsync(WorkflowId id, string? reason = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<bool> SignalAsync<T>(WorkflowId id, string signal, T value, string? key = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<WorkflowDescription?> DescribeAsync(WorkflowId id, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<WorkflowEvent> WatchAsync(WorkflowId id, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<WorkflowSummary> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<MapPageOutcomes<T>> ReadMapAsync<T>(WorkflowId map, int firstPage = 0, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<bool> RetryAsync(WorkflowId id, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
