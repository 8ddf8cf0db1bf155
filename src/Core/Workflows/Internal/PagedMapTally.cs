using System.Text.Json;

namespace Sheaf;

/// <summary>What a map over pages, or one of its pages, has counted. Journaled.</summary>
/// <param name="Pages">How many pages have ended.</param>
/// <param name="Succeeded">How many items succeeded.</param>
/// <param name="Failed">How many failed.</param>
/// <param name="Failures">The failures as a bounded group; null where there were none.</param>
internal sealed record PagedMapTally(long Pages, long Succeeded, long Failed, Failure? Failures)
{
    public static PagedMapTally None { get; } = new(0, 0, 0, null);

    public static PagedMapTally FromJson(string json) => JsonSerializer.Deserialize<PagedMapTally>(json, PagedMapSettings.Format)!;

    public string ToJson() => JsonSerializer.Serialize(this, PagedMapSettings.Format);

    /// <summary>With what one more page has counted.</summary>
    /// <param name="page">The page's.</param>
    /// <param name="origin">The page as the origin of its failures.</param>
    /// <param name="settings">The map's.</param>
    public PagedMapTally With(PagedMapTally page, FailureOrigin origin, PagedMapSettings settings)
    {
        Failure? failures = Failures;
        if (page.Failures is { } more)
        {
            FailureCollector collector = CollectFailures(settings);
            collector.Add(more.ToException(FailureTypes.None), origin);
            failures = Failure.From(collector.Build(settings.Map, cause: null)!);
        }

        return new(Pages + 1, Succeeded + page.Succeeded, Failed + page.Failed, failures);
    }

    /// <summary>The failures, of which there are some.</summary>
    public ExceptionGroup ToException(PagedMapSettings settings, CancellationCause? cause) => CollectFailures(settings).Build(settings.Map, cause)!;

    /// <summary>The failures, with one that ends the map.</summary>
    public ExceptionGroup With(Exception error, FailureOrigin origin, PagedMapSettings settings)
    {
        FailureCollector collector = CollectFailures(settings);
        collector.Add(error, origin);
        return collector.Build(settings.Map, cause: null)!;
    }

    /// <summary>Failures stay the data that they are: what is made again and read again from run to run must not change.</summary>
    private FailureCollector CollectFailures(PagedMapSettings settings)
    {
        FailureCollector collector = new(settings.MaxFailures);
        if (Failures?.ToException(FailureTypes.None) is not ExceptionGroup earlier) return collector;
        for (int i = 0; i < earlier.InnerExceptions.Count; i++)
        {
            IReadOnlyList<FailureOrigin> origins = earlier.OriginsAt(i);
            collector.Add(earlier.InnerExceptions[i], origins.Count > 0 ? origins[0] : new FailureOrigin());
            foreach (FailureOrigin other in origins.Skip(1)) collector.Add(earlier.InnerExceptions[i], other);
        }

        return collector;
    }
}
