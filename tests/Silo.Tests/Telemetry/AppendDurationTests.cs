using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Sheaf.Silo.Tests.Telemetry;

/// <summary>What exporters are told of the histogram.</summary>
public sealed class AppendDurationTests
{
    [Fact]
    public void AppendDuration_AsksForBucketsOfWhatAnAppendTakes()
    {
        Histogram<double>? histogram = null;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == SheafTelemetry.MeterName && instrument.Name == "sheaf.journal.append.duration") histogram = (Histogram<double>)instrument;
        };
        listener.Start();
        RuntimeHelpers.RunClassConstructor(typeof(SheafTelemetry).TypeHandle);
        IReadOnlyList<double> boundaries = histogram?.Advice?.HistogramBucketBoundaries ?? [];
        Assert.NotEmpty(boundaries);
        Assert.Equal((0.0005, 10), (boundaries[0], boundaries[^1]));
        Assert.Equal(boundaries.Order(), boundaries);
    }
}
