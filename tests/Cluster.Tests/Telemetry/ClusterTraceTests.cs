using System.Collections.Concurrent;
using System.Diagnostics;
using Sheaf.Cluster.Tests.Conformance;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Telemetry;

public sealed class ClusterTraceTests
{
    [Fact]
    public async Task Spans_OfWorkersOnSeveralSilos_AreChildrenOfOneGroupAndOfTheClient()
    {
        ConcurrentQueue<Activity> ended = new();
        using Activity caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C);
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == SheafTelemetry.SourceName,
            // Spans of other tests, which run at the same time, are not for this one.
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => caller.Id is not null && options.Parent.TraceId == caller.TraceId ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using (ClusterProcess cluster = await ClusterProcess.StartAsync(2, new MemoryJournal(), TimeProvider.System, sheaf => sheaf.AddWorkflow<FanOut>().AddWorker<Echo>()))
        {
            caller.Start();
            Assert.Equal(20, await cluster.Client.RunAsync(Run.Workflow<FanOut>(), "traced", 20, TestContext.Current.CancellationToken));
            // The workflow's own span ends after its caller is told.
            await cluster.StopAsync();
        }

        Activity workflow = Assert.Single(ended, span => span.OperationName == "workflow trace-fan-out/v1");
        Assert.Equal(caller.SpanId, workflow.ParentSpanId);
        Activity group = Assert.Single(ended, span => span.OperationName == "group fan-out");
        Assert.Equal(workflow.SpanId, group.ParentSpanId);
        Activity[] workers = [.. ended.Where(span => span.OperationName == "worker trace-echo/v1")];
        Assert.Equal(20, workers.Length);
        Assert.All(workers, worker => Assert.Equal(group.SpanId, worker.ParentSpanId));
        Assert.Equal(2, workers.Select(worker => worker.GetTagItem("sheaf.silo")).Distinct().Count());
    }

    [Workflow("trace-fan-out/v1")]
    public sealed class FanOut : Workflow<int, int>
    {
        public override Task<int> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("fan-out", group =>
        {
            for (int i = 0; i < input; i++) _ = group.Start(Run.Worker<Echo>(), i);
            return Task.FromResult(input);
        });
    }

    [Worker("trace-echo/v1")]
    public sealed class Echo : Worker<int, int>
    {
        public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(input);
    }
}
