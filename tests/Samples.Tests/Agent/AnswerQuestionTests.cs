using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sheaf.Samples.Agent;
using Sheaf.Samples.Agent.Questions;
using Sheaf.Samples.Agent.Tools;
using Sheaf.Samples.Agent.Workflows;

namespace Sheaf.Samples.Tests.Agent;

public sealed class AnswerQuestionTests : IAsyncLifetime
{
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;

    private readonly FakeTimeProvider _time = new();
    private readonly Listener _heartbeats = new();
    private DocumentIndex _index = null!;
    private ServiceProvider _services = null!;

    private IWorkflowClient Client => _services.GetRequiredService<IWorkflowClient>();

    public async ValueTask InitializeAsync()
    {
        _index = await DocumentIndex.BuildAsync(DocumentIndex.DefaultFolder, Token);
        _services = new ServiceCollection()
            .AddSingleton<TimeProvider>(_time)
            .AddSingleton(_index)
            .AddSingleton<IHeartbeatListener>(_heartbeats)
            .AddSheaf(sheaf => sheaf.AddAgent().AddWorkflow<BeatUntilCancelled>())
            .UseEmbedded()
            .BuildServiceProvider();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _index.DisposeAsync();
    }

    [Fact]
    [Trait("Rule", "E6")]
    public async Task Run_ToolsFail_FindingsHaveEveryFailureWithTypeAndOrigin()
    {
        AgentFindings findings = await AskAsync("计算 error div 并搜索");
        Assert.Empty(findings.Passages);
        Assert.Null(findings.Calculation);
        var failures = (ExceptionGroup)findings.Failures!.ToException(_services.GetRequiredService<SheafOptions>().FailureTypes);
        Assert.Equal("tools", failures.Title);
        Assert.Equal([typeof(SearchException), typeof(FormatException)], failures.Leaves.Select(leaf => leaf.Exception.GetType()));
        Assert.Equal(["search search/v1 id 1", "calculator calculate/v1 id 1"], failures.Leaves.Select(leaf => leaf.Origins.Single())
            .Select(origin => $"{origin} {origin.Worker} {origin.WorkflowId} {origin.Attempt}"));
    }

    [Fact]
    public async Task Run_OneToolFails_TheOtherGivesItsResult()
    {
        AgentFindings findings = await AskAsync("search for crash recovery and calculate 1/0");
        Assert.Equal("crash-recovery.md", findings.Passages[0].Document);
        Assert.Equal("System.DivideByZeroException", Assert.Single(findings.Failures!.Inner).TypeName);
    }

    [Fact]
    public async Task Run_NoToolAsked_FindsNothingAndOpensNoGroup()
    {
        AgentFindings findings = await Client.RunAsync(Run.Workflow<AnswerQuestion>(), "id", new AgentQuestion("hello", null, null), Token);
        Assert.Equal(AgentFindings.None with { Passages = findings.Passages }, findings);
        Assert.Empty(findings.Passages);
        Assert.Empty((await Client.DescribeAsync("id", Token))!.Children);
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Run_ToolsHaveAnswered_TheHeartbeatIsCancelledWithThatReason()
    {
        await AskAsync("calculate 1+1");
        List<WorkflowEvent> events = await Client.WatchAsync("id", Token).ToListAsync(Token);
        Assert.Equal(OutcomeKind.Cancelled, events.Single(e => e is { PathText: "tools/heartbeat", Kind: WorkflowEventKind.ChildEnded }).Outcome);
        Assert.Equal("the tools have answered", events.Single(e => e.Kind == WorkflowEventKind.Cancelled).Cause!.Reason);
        Assert.Equal(OutcomeKind.Succeeded, events.Single(e => e.Kind == WorkflowEventKind.WorkflowEnded).Outcome);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Heartbeat_BeatsByItsClock_AndCleansUpWhenCancelled()
    {
        await Client.StartAsync(Run.Workflow<BeatUntilCancelled>(), "beats", 0, Token);
        Assert.Equal("beat", await _heartbeats.NextAsync());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("beat", await _heartbeats.NextAsync());
        await Client.CancelAsync("beats", "enough", Token);
        Assert.Equal("stopped: enough", await _heartbeats.NextAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client.ResultAsync<int>("beats", Token));
    }

    private Task<AgentFindings> AskAsync(string question) =>
        Client.RunAsync(Run.Workflow<AnswerQuestion>(), "id", AgentQuestion.From(QuestionPlan.From(question)), Token);

    [Workflow("beat-until-cancelled/v1")]
    public sealed class BeatUntilCancelled : Workflow<int, int>
    {
        public override Task<int> RunAsync(int input, WorkflowContext workflow) =>
            workflow.GroupAsync("group", async group => await group.Start(Run.Worker<HeartbeatTool>(), TimeSpan.FromSeconds(1)));
    }

    private sealed class Listener : IHeartbeatListener
    {
        private readonly Channel<string> _heard = Channel.CreateUnbounded<string>();

        public void Beat(WorkflowId workflow) => _heard.Writer.TryWrite("beat");

        public void Stopped(WorkflowId workflow, CancellationCause? cause) => _heard.Writer.TryWrite($"stopped: {cause?.Root.Reason}");

        public Task<string> NextAsync() => _heard.Reader.ReadAsync(Token).AsTask().WaitAsync(TimeSpan.FromMinutes(2), Token);
    }
}
