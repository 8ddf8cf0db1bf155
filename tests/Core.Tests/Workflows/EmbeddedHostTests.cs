using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Sheaf.Core.Tests.Workflows;

public sealed class EmbeddedHostTests : IAsyncDisposable
{
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;
    private readonly FakeTimeProvider _foreign = new();
    private readonly ServiceProvider _services;

    public EmbeddedHostTests() => _services = new ServiceCollection()
        .AddSingleton<TimeProvider>(_foreign)
        .AddSheaf(s => s
            .AddWorkflow<Sum>()
            .AddWorkflow<Collect>()
            .AddWorkflow<AwaitsForeign>()
            .AddWorkflow<Waits>()
            .AddWorker<Square>()
            .AddWorker<Fail>()
            .AddWorker<WaitForCancellation>())
        .UseEmbedded()
        .BuildServiceProvider();

    private IWorkflowClient Client => _services.GetRequiredService<IWorkflowClient>();

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    [Trait("Rule", "R1")]
    public async Task Run_WorkersSucceed_ReturnsTheirValues()
    {
        Assert.Equal(30, await Client.RunAsync(Run.Workflow<Sum>(), "sum", [1, 2, 3, 4], Token));
    }

    [Fact]
    [Trait("Rule", "R3")]
    public async Task Run_WorkersFail_ThrowsAllWithOrigins()
    {
        ExceptionGroup failures = await Assert.ThrowsAsync<ExceptionGroup>(() => Client.RunAsync(Run.Workflow<Collect>(), "collect", ["a", "b"], Token));
        Assert.Equal(["fail a", "fail b"], failures.Leaves.Select(leaf => leaf.Exception.Message).Order());
        Assert.All(failures.Leaves, leaf => Assert.Equal("fail/v1", Assert.Single(leaf.Origins).Worker));
        Assert.All(failures.Leaves, leaf => Assert.IsType<FormatException>(leaf.Exception));
    }

    [Fact]
    [Trait("Rule", "C1")]
    public async Task Result_OfACancelledWorkflow_SaysWhoAskedAndWhy()
    {
        await Client.StartAsync(Run.Workflow<Waits>(), "waits", 1, Token);
        Assert.True(await Client.CancelAsync("waits", "changed my mind", Token));
        OperationCanceledException cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => Client.ResultAsync<int>("waits", Token));
        Assert.Equal("Workflow 'waits' was cancelled: cancellation requested by 'client': changed my mind.", cancelled.Message);
    }

    [Fact]
    public async Task Result_AskedForAsAnotherType_NamesTheWorkflowAndTheType()
    {
        await Client.RunAsync(Run.Workflow<Sum>(), "sum", [1], Token);
        InvalidOperationException exception = await Assert.ThrowsAsync<InvalidOperationException>(() => Client.ResultAsync<int[]>("sum", Token));
        Assert.StartsWith("The value of workflow 'sum' cannot be read as System.Int32[].", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Run_CodeAwaitsForeign_IsStuckAndNamesThePlace()
    {
        await Client.StartAsync(Run.Workflow<AwaitsForeign>(), "foreign", 1, Token);
        // Its first turn is journaled, so its code waits by now.
        _foreign.Advance(TimeSpan.FromMinutes(1));
        WorkflowStuckException stuck = await Assert.ThrowsAsync<WorkflowStuckException>(() => Client.ResultAsync<int>("foreign", Token));
        Assert.Contains("AwaitsForeign.RunAsync", stuck.Message, StringComparison.Ordinal);
        WorkflowDescription description = (await Client.DescribeAsync("foreign", Token))!;
        Assert.Equal(WorkflowStatus.Stuck, description.Status);
    }

    [Workflow("sum/v1")]
    public sealed class Sum : Workflow<int[], int>
    {
        public override Task<int> RunAsync(int[] input, WorkflowContext workflow) => workflow.GroupAsync("squares", async group =>
        {
            List<ChildTask<int>> children = [.. input.Select(number => group.Start(Run.Worker<Square>(), number))];
            int sum = 0;
            foreach (ChildTask<int> child in children) sum += await child;
            return sum;
        });
    }

    [Workflow("waits/v1")]
    public sealed class Waits : Workflow<int, int>
    {
        public override Task<int> RunAsync(int input, WorkflowContext workflow) =>
            workflow.GroupAsync("waiting", async group => await group.Start(Run.Worker<WaitForCancellation>(), input));
    }

    [Workflow("collect/v1")]
    public sealed class Collect : Workflow<string[], int>
    {
        public override Task<int> RunAsync(string[] input, WorkflowContext workflow) => workflow.GroupAsync("tools", group =>
        {
            foreach (string text in input) _ = group.Start(text, Run.Worker<Fail>(), text);
            return Task.FromResult(1);
        }, new() { Policy = GroupPolicy.CollectAll });
    }

    [Workflow("awaits-foreign/v1")]
    public sealed class AwaitsForeign(TimeProvider foreign) : Workflow<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkflowContext workflow)
        {
            await Task.Delay(TimeSpan.FromMinutes(1), foreign);
            return input;
        }
    }

    [Worker("square/v1")]
    public sealed class Square : Worker<int, int>
    {
        public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(input * input);
    }

    [Worker("fail/v1")]
    public sealed class Fail : Worker<string, int>
    {
        public override Task<int> RunAsync(string input, WorkerContext context, CancellationToken cancellationToken) => throw new FormatException("fail " + input);
    }

    [Worker("wait/v1")]
    public sealed class WaitForCancellation : Worker<int, int>
    {
        public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return input;
        }
    }
}
