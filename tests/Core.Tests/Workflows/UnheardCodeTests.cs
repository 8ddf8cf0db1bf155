using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sheaf.Core.Tests.Groups;
using Sheaf.Embedded;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>Code that nobody would hear of: it blocks, or waits for what does not come.</summary>
public sealed class UnheardCodeTests : IAsyncDisposable
{
    private readonly TestLog _log = new(LogLevel.Warning);
    private readonly Gate _gate = new();
    private readonly ServiceProvider _services;

    public UnheardCodeTests() => _services = new ServiceCollection()
        .AddSingleton<ILoggerFactory>(_log)
        .AddSingleton(_gate)
        .AddSheaf(sheaf => sheaf.AddWorkflow<WaitsForever>().AddWorkflow<Blocks>().AddWorkflow<WaitsForItsEnd>())
        .UseEmbedded(new MemoryJournal())
        .BuildServiceProvider();

    private IWorkflowClient Client => _services.GetRequiredService<IWorkflowClient>();

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Wait_ForWhatIsNotTheWorkflows_IsSaid()
    {
        await Client.StartAsync(Run.Workflow<WaitsForever>(), "w", 1);
        await _log.SaidAsync("Workflow w waits for nothing of its own").Within("the warning");
        WorkflowDescription description = (await Client.DescribeAsync("w"))!;
        Assert.Equal((WorkflowStatus.Running, "nothing of its own: no child, delay or signal is open, and its code has not ended"), (description.Status, description.WaitsFor));
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Wait_ForASignal_IsNone_AndOneThatNobodyWaitsForIsShown()
    {
        await Client.StartAsync(Run.Workflow<WaitsForItsEnd>(), "w", 1);
        await Client.SignalAsync("w", "Go", 1);
        await Client.SignalAsync("w", "Go", 2);
        WorkflowDescription description = (await Client.DescribeAsync("w"))!;
        Assert.Null(description.WaitsFor);
        Assert.Equal(["Go", "Go"], description.Signals);
        await Client.SignalAsync("w", "go", "now");
        Assert.Equal("now", await Client.ResultAsync<string>("w").Within("the result"));
        Assert.DoesNotContain(_log.Messages, message => message.Contains("waits for nothing", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Signal_OfAnotherType_IsTheSendersMistakeInWords()
    {
        await Client.StartAsync(Run.Workflow<WaitsForItsEnd>(), "w", 1);
        await Client.SignalAsync("w", "go", 17);
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => Client.ResultAsync<string>("w").Within("the end"));
        Assert.Equal("Signal 'go' came with 2 characters of JSON that System.String cannot be read from. Send what the workflow waits for.", Assert.Single(failures.Leaves).Exception.Message);
    }

    [Fact]
    public async Task Turn_ThatDoesNotComeBack_IsSaidOnce()
    {
        Task<bool> started = Client.StartAsync(Run.Workflow<Blocks>(), "w", 1);
        await _gate.Reached.Task.Within("the blocking code");
        EmbeddedHost host = _services.GetRequiredService<EmbeddedHost>();
        host.Workflows.LookAtTurns(TimeSpan.FromHours(1));
        Assert.Empty(_log.Messages);
        host.Workflows.LookAtTurns(TimeSpan.Zero);
        host.Workflows.LookAtTurns(TimeSpan.Zero);
        Assert.StartsWith("A turn of workflow w has taken ", Assert.Single(_log.Messages), StringComparison.Ordinal);
        _gate.Open.Set();
        Assert.True(await started.Within("the start"));
        Assert.Equal(1, await Client.ResultAsync<int>("w").Within("the result"));
        host.Workflows.LookAtTurns(TimeSpan.Zero);
        Assert.Single(_log.Messages);
    }

    public async ValueTask DisposeAsync()
    {
        _gate.Open.Set();
        await _services.DisposeAsync();
        _gate.Open.Dispose();
    }

    internal sealed class Gate
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Open { get; } = new();
    }

    [Workflow("waits-forever/v1")]
    internal sealed class WaitsForever : Workflow<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkflowContext workflow)
        {
            await new TaskCompletionSource().Task;
            return input;
        }
    }

    [Workflow("waits-for-its-end/v1")]
    internal sealed class WaitsForItsEnd : Workflow<int, string>
    {
        public override async Task<string> RunAsync(int input, WorkflowContext workflow) => await workflow.WaitForAsync<string>("go");
    }

    [Workflow("blocks/v1")]
    internal sealed class Blocks(Gate gate) : Workflow<int, int>
    {
        public override Task<int> RunAsync(int input, WorkflowContext workflow)
        {
            gate.Reached.SetResult();
            gate.Open.Wait();
            return Task.FromResult(input);
        }
    }
}
