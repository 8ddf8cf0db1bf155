using System.Text.Json;
using System.Text.Json.Serialization;
using Sheaf.Engine;

namespace Sheaf;

/// <summary>Runs a map over pages (R15): each run of this workflow has one page, and the next is read meanwhile. The first run reads the first.</summary>
/// <remarks>
/// What a run leaves to the next is the page that was read and the counters, so that neither journal nor memory grow with the source.
/// The page itself is a workflow of its own, which stays where it is: its outcomes are read from there.
/// </remarks>
internal sealed class PagedMap : Workflow
{
    /// <summary>The name that every host knows it by.</summary>
    public const string Name = "sheaf.paged-map/v1";

    /// <summary>The id of the workflow that has a page, from 0: the first child in the first group of its run.</summary>
    public static WorkflowId IdOfPage(WorkflowId map, int page) => TextOfPage(map, page);

    private static string TextOfPage(WorkflowId map, int page) => $"{WorkflowState.NameOfRun(map, page + 1)}/{new ChildId(1, 0)}";

    internal override async Task<string?> RunJsonAsync(string? input, Payloads payloads, WorkflowContext workflow)
    {
        PagedMapRun run = PagedMapRun.FromJson(input!);
        if (run is { Page: null, Tally.Pages: 0 }) ThrowUnlessPagesHaveIds(workflow.Id);
        // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
        PagedMapRun next = await workflow.GroupAsync(run.Settings.Map, group => group.RunPagesAsync(run), new()
        {
            Policy = run.Settings.Policy,
            MaxFailures = run.Settings.MaxFailures,
        });
#pragma warning restore CA2007, MA0004
        if (next.Page is null) return next.Tally.ToJson();
        workflow.ContinueWith(next.ToJson(), next.FailuresToThrow(cause: null));
        return null;
    }

    /// <summary>Pages are counted up, and their ids grow with the count: before the first it is known whether those of all have room.</summary>
    private static void ThrowUnlessPagesHaveIds(WorkflowId map)
    {
        int beyond = TextOfPage(map, int.MaxValue - 1).Length - WorkflowId.MaxMadeLength;
        if (beyond > 0)
            throw new InvalidOperationException($"The map's id '{map}' leaves no room for those of its pages, which are longer: give the workflow that opens it an id of {beyond} characters less.");
    }

    /// <summary>Runs one page in the run's group, and reads the one after it.</summary>
    /// <returns>What the next run has to do; without a page where there is nothing left.</returns>
    public static async Task<PagedMapRun> RunAsync(WorkflowRun run, ScopeCode scope, PagedMapRun work)
    {
        PagedMapSettings settings = work.Settings;
        PagedMapTally tally = work.Tally;
        // Where a failure does not end the others at once it is the body's, after those before it.
        ChildOptions options = new() { Isolated = settings.Policy != GroupPolicy.FailFast };
        ChildTask<RawJson>? page = null;
        if (work.Page is { } items)
        {
            string input = new PagedMapPageInput(settings, items.Items).ToJson();
            page = run.StartWorkflow<RawJson>(scope, $"page[{tally.Pages}]", PagedMapPage.Name, () => input, options);
        }

        ChildTask<RawJson>? read = null;
        if (work.Page is null or { Next: not null })
        {
            read = run.StartWorker<RawJson>(scope, "read", settings.Reader, () => new RawPageRequest(settings.Source, work.Page?.Next).ToJson(), options with { Retry = settings.Retry?.ToPolicy() });
        }

        RawPage? next = null;
        ChildTask<RawJson>? waitsFor = page;
        try
        {
            // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
            if (page is not null) tally = tally.With(PagedMapTally.FromJson((await page).Text), OriginOf(page), settings);
            waitsFor = read;
            if (read is not null) next = RawPage.FromJson((await read).Text, settings);
#pragma warning restore CA2007, MA0004
        }
        catch (Exception error) when (tally.Failures is not null && !IsCancelled(waitsFor!))
        {
            // What failed before is not lost by it.
            throw tally.With(error, OriginOf(waitsFor!), settings);
        }
        catch (OperationCanceledException) when (tally.Failures is not null && settings.Policy.ThrowsAtEnd())
        {
            // Of a cancellation and failures the failures win (R5).
        }

        PagedMapRun follows = new(settings, next, tally);
        return next is null && follows.FailuresToThrow(scope.State.Cause) is { } failures ? throw failures : follows;
    }

    /// <summary>Runs the map as a child of the group that the caller's code sees.</summary>
    public static async Task<PagedMapSummary> RunAsync(WorkflowRun run, ScopeCode scope, PagedMapSettings settings)
    {
        string input = new PagedMapRun(settings, Page: null, PagedMapTally.None).ToJson();
        ChildTask<RawJson> map = run.StartWorkflow<RawJson>(scope, settings.Map, Name, () => input, options: null);
#pragma warning disable CA2007, MA0004
        PagedMapTally tally = PagedMapTally.FromJson((await map).Text);
#pragma warning restore CA2007, MA0004
        return new PagedMapSummary(((IWorkflowChild)map).WorkflowId, tally.Pages, tally.Succeeded, tally.Failed, (ExceptionGroup?)tally.Failures?.ToException(run.Types));
    }

    private static FailureOrigin OriginOf(ChildTask child) => ((IGroupChild)child).Origin;

    /// <summary>Whether that is how it ended: an exception that says so may be a failure, such as a timeout that nobody asked for (R4).</summary>
    private static bool IsCancelled(ChildTask child) => ((IGroupChild)child).Kind is OutcomeKind.Cancelled or OutcomeKind.NotStarted;
}

/// <summary>What one run of a map over pages has to do. Journaled, as its input.</summary>
/// <param name="Settings">The map's.</param>
/// <param name="Page">The page; null before the first, and after the last.</param>
/// <param name="Tally">What earlier runs have counted.</param>
internal sealed record PagedMapRun(PagedMapSettings Settings, RawPage? Page, PagedMapTally Tally)
{
    public static PagedMapRun FromJson(string json) => JsonSerializer.Deserialize<PagedMapRun>(json, PagedMapSettings.Format)!;

    public string ToJson() => JsonSerializer.Serialize(this, PagedMapSettings.Format);

    /// <summary>What the map is to throw at its end of what has failed until now; null for nothing.</summary>
    public ExceptionGroup? FailuresToThrow(CancellationCause? cause) => Tally.Failures is not null && Settings.Policy.ThrowsAtEnd() ? Tally.ToException(Settings, cause) : null;
}

/// <summary>What a page is asked for: <see cref="MapPageRequest{TSource}"/> without the type of the source.</summary>
/// <param name="Source">What is read from, as JSON.</param>
/// <param name="Cursor">Where the page begins; null for the first.</param>
internal sealed record RawPageRequest([property: JsonConverter(typeof(RawJsonConverter))] string Source, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Cursor)
{
    public string ToJson() => JsonSerializer.Serialize(this, PagedMapSettings.Format);
}

/// <summary>A page as its source gave it: <see cref="MapPage{T}"/> without the type of the items.</summary>
/// <param name="Items">The items, a JSON array.</param>
/// <param name="Next">The cursor of the next page; null where it was the last.</param>
internal sealed record RawPage([property: JsonConverter(typeof(RawJsonConverter))] string Items, string? Next)
{
    public static RawPage FromJson(string json, PagedMapSettings settings)
    {
        RawPage? page = JsonSerializer.Deserialize<RawPage>(json, PagedMapSettings.Format);
        if (page?.Items is not ['[', ..])
            throw new InvalidOperationException($"Worker '{settings.Reader}' gave no page of map '{settings.Map}'. Return a MapPage with its items, and with an empty list where there are none.");
        return page;
    }
}
