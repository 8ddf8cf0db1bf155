using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Sheaf;

/// <summary>The names under which Sheaf traces and measures, for OpenTelemetry's <c>AddSource</c> and <c>AddMeter</c>.</summary>
/// <remarks>
/// <para>
/// Spans: one a workflow, a group and a branch, on the silo that owns them, and one a delivery of a worker or step, where it runs.
/// A delivery's span is a child of its group's, a group's of what surrounds it, and a workflow's of whoever started it: over silos,
/// and from the client. A workflow that is taken over goes on with new spans under the same parent.
/// </para>
/// <para>Metrics: <c>sheaf.workflows.ended</c>, <c>sheaf.workflows.stuck</c>, <c>sheaf.deliveries.ended</c>, <c>sheaf.deliveries.running</c>, <c>sheaf.deliveries.lost</c>, <c>sheaf.journal.append.duration</c> (seconds).</para>
/// </remarks>
public static class SheafTelemetry
{
    /// <summary>The name of the source of spans.</summary>
    public const string SourceName = "Sheaf";

    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Sheaf";

    private static readonly Meter Meter = new(MeterName);

    internal static ActivitySource Source { get; } = new(SourceName);

    internal static Counter<long> WorkflowsEnded { get; } = Meter.CreateCounter<long>("sheaf.workflows.ended", "{workflow}", "Workflows that ended, by their code and outcome.");

    internal static UpDownCounter<long> WorkflowsStuck { get; } = Meter.CreateUpDownCounter<long>("sheaf.workflows.stuck", "{workflow}", "Workflows that are stuck here, by their code: they wait to be mended or terminated.");

    internal static Counter<long> DeliveriesEnded { get; } = Meter.CreateCounter<long>("sheaf.deliveries.ended", "{delivery}", "Deliveries of workers and steps that ended here, by outcome.");

    internal static UpDownCounter<long> DeliveriesRunning { get; } = Meter.CreateUpDownCounter<long>("sheaf.deliveries.running", "{delivery}", "Deliveries of workers and steps that run here.");

    internal static Counter<long> DeliveriesLost { get; } = Meter.CreateCounter<long>("sheaf.deliveries.lost", "{delivery}", "Deliveries that were lost with their process, as their owner notices.");

    /// <summary>The default buckets are for milliseconds: all appends would be in the first one, of up to 5 s.</summary>
    internal static Histogram<double> AppendDuration { get; } = Meter.CreateHistogram(
        "sheaf.journal.append.duration",
        "s",
        "How long the journal took for one append.",
        tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10] });

    /// <summary>Starts a span under a parent of another process or thread, and leaves what is current as it is.</summary>
    internal static Activity? StartApart(string name, string? parent, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Activity? current = Activity.Current;
        Activity.Current = null;
        try
        {
            Activity? started = Source.StartActivity(name, ActivityKind.Internal, ContextOf(parent));
            foreach (KeyValuePair<string, object?> tag in tags) started?.SetTag(tag.Key, tag.Value);
            return started;
        }
        finally
        {
            Activity.Current = current;
        }
    }

    internal static ActivityContext ContextOf(string? traceParent) =>
        ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out ActivityContext context) ? context : default;

    /// <summary>Marks a span by how its work ended.</summary>
    internal static void End(Activity? span, OutcomeKind outcome, Failure? failure)
    {
        if (span is null) return;
        span.SetTag("sheaf.outcome", outcome.ToString());
        if (outcome is OutcomeKind.Failed or OutcomeKind.Abandoned)
        {
            span.SetStatus(ActivityStatusCode.Error, failure?.Message);
            span.SetTag("error.type", failure?.TypeName);
        }

        span.Stop();
    }
}
