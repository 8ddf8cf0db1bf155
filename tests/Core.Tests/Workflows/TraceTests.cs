using System.Collections.Concurrent;
using System.Diagnostics;
using Sheaf.Core.Tests.Groups;

namespace Sheaf.Core.Tests.Workflows;

public sealed class TraceTests
{
    private readonly ScriptTable _scripts = new();
    private readonly ConcurrentQueue<Activity> _ended = new();

    [Fact]
    public async Task Spans_OfWorkersInNestedGroups_AreChildrenOfTheirGroupsUpToTheCaller()
    {
        _scripts.Workers["ok"] = (_, _) => Task.FromResult("ok");
        _scripts.Workers["bad"] = (_, _) => throw new FormatException("bad");
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("outer", async group =>
        {
            await group.GroupAsync("inner", async inner => await inner.Start("leaf", Run.Worker<ScriptedWorker>(), "ok"));
            ChildTask<string> bad = group.Start("bad", Run.Worker<ScriptedWorker>(), "bad", new() { Isolated = true });
            Outcome<string> outcome = await bad.OutcomeAsync();
            return outcome.Origin!.TraceId!;
        });
        using Activity caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C);
        caller.Start();
        using ActivityListener listener = Listen(caller.TraceId);
        await using ScriptHost host = new(_scripts);
        Assert.Equal(caller.TraceId.ToHexString(), await host.RunAsync("w", "w").Within("the workflow's end"));
        // The workflow's own span ends after its caller is told.
        await host.Host.StopAsync(default).Within("the host's stop");

        Activity workflow = One("workflow scripted/v1");
        Assert.Equal(caller.SpanId, workflow.ParentSpanId);
        Activity outer = One("group outer");
        Assert.Equal(workflow.SpanId, outer.ParentSpanId);
        Activity inner = One("group inner");
        Assert.Equal(outer.SpanId, inner.ParentSpanId);
        Activity[] workers = [.. _ended.Where(span => span.OperationName == "worker scripted/v1")];
        Assert.Equal([inner.SpanId], workers.Where(span => (string?)span.GetTagItem("sheaf.child") == "leaf").Select(span => span.ParentSpanId));
        Activity failed = Assert.Single(workers, span => (string?)span.GetTagItem("sheaf.child") == "bad");
        Assert.Equal((outer.SpanId, ActivityStatusCode.Error, "bad"), (failed.ParentSpanId, failed.Status, failed.StatusDescription));
    }

    [Fact]
    public async Task Code_OfAWorker_RunsInItsSpan()
    {
        string? seen = null;
        _scripts.Workers["look"] = (_, _) =>
        {
            seen = Activity.Current?.OperationName;
            return Task.FromResult("ok");
        };
        _scripts.Workflows["w"] = workflow => workflow.GroupAsync<string>("g", async group => await group.Start(Run.Worker<ScriptedWorker>(), "look"));
        using Activity caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C);
        caller.Start();
        using ActivityListener listener = Listen(caller.TraceId);
        await using ScriptHost host = new(_scripts);
        await host.RunAsync("w", "w").Within("the workflow's end");
        Assert.Equal("worker scripted/v1", seen);
    }

    /// <summary>Spans of other tests, which run at the same time, are not for this one.</summary>
    private ActivityListener Listen(ActivityTraceId trace)
    {
        ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == SheafTelemetry.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceId == trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private Activity One(string name) => Assert.Single(_ended, span => span.OperationName == name);
}
