using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Core.Tests.Groups;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>The metric that operators alert on.</summary>
public sealed class StuckMetricTests
{
    private const string Name = "asks-for-what-nobody-has/v1";

    [Fact]
    [Trait("Rule", "D3")]
    public async Task Stuck_IsCountedAsLongAsItIs()
    {
        long stuck = 0;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Name == SheafTelemetry.MeterName && instrument.Name == "sheaf.workflows.stuck") listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, by, tags, _) =>
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag is { Key: "sheaf.workflow", Value: Name }) Interlocked.Add(ref stuck, by);
            }
        });
        listener.Start();

        ServiceCollection services = new();
        services.AddSheaf(sheaf => sheaf.AddWorkflow<AsksForWhatNobodyHas>()).UseEmbedded();
        await using ServiceProvider host = services.BuildServiceProvider();
        IWorkflowClient client = host.GetRequiredService<IWorkflowClient>();
        await Guard.Throws<WorkflowStuckException>(() => client.RunAsync(Run.Workflow<AsksForWhatNobodyHas>(), "one", 1), "the first");
        await Guard.Throws<WorkflowStuckException>(() => client.RunAsync(Run.Workflow<AsksForWhatNobodyHas>(), "two", 1), "the second");
        Assert.Equal(2, Interlocked.Read(ref stuck));
        Assert.True(await client.RetryAsync("one").Within("the retry"));
        await Guard.Throws<WorkflowStuckException>(() => client.ResultAsync<int>("one"), "the first again");
        Assert.Equal(2, Interlocked.Read(ref stuck));
        Assert.True(await client.TerminateAsync("one").Within("the termination"));
        Assert.Equal(1, Interlocked.Read(ref stuck));
        await host.DisposeAsync();
        Assert.Equal(0, Interlocked.Read(ref stuck));
    }

    [Workflow(Name)]
    private sealed class AsksForWhatNobodyHas : Workflow<int, int>
    {
        public override Task<int> RunAsync(int input, WorkflowContext workflow) =>
            workflow.GroupAsync("g", async group => await group.Start("missing", Run.Worker<MissingWorker>(), input));
    }

    [Worker("missing/v1")]
    private sealed class MissingWorker : Worker<int, int>
    {
        public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult(input);
    }
}
