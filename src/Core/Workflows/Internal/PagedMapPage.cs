using System.Text.Json;
using System.Text.Json.Serialization;
using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf;

/// <summary>A workflow that runs one page of a map (R15): its children are the parts, and its journal keeps their outcomes for the reader.</summary>
internal sealed class PagedMapPage : Workflow
{
    /// <summary>The name that every host knows it by.</summary>
    public const string Name = "sheaf.paged-map-page/v1";

    internal override async Task<string?> RunJsonAsync(string? input, Payloads payloads, WorkflowContext workflow)
    {
        PagedMapPageInput page = PagedMapPageInput.FromJson(input!);
        List<string> items = page.ReadItems();
        (WorkflowGroupOptions options, int size) = page.Settings.ForPage(items.Count);
        // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
        PagedMapTally tally = await workflow.GroupAsync(page.Settings.Map, group => group.RunPageAsync(page.Settings, items, size), options);
#pragma warning restore CA2007, MA0004
        return tally.ToJson();
    }

    /// <summary>Runs the items in the page's group.</summary>
    public static async Task<PagedMapTally> RunAsync(WorkflowRun run, ScopeCode scope, PagedMapSettings settings, IReadOnlyList<string> items, int size)
    {
        // A part that settles has an outcome for each of its items: a failure takes no value with it.
        GroupPolicy policy = settings.PolicyOfPage;
        Dictionary<int, (int Count, ChildTask<RawJson> Child)> parts = [];
        MapCutter cutter = new(size, part =>
        {
            ChildTask<RawJson> child = WorkflowMap.StartPart(run, scope, settings.Map, settings.Worker, part, policy, settings.Retry, settings.MaxFailures);
            parts.Add(child.Ordinal, (part.Count, child));
        });
        foreach (string item in items) cutter.Add(item);
        cutter.End();

        FailureCollector failures = new(settings.MaxFailures);
        int failed = 0;
        // No ConfigureAwait(false): this is the workflow's turn.
#pragma warning disable CA2007, MA0004
        await foreach (Outcome ended in run.CompletionsOf(scope))
#pragma warning restore CA2007, MA0004
        {
            // What workers have spawned counts with its failures.
            (int count, ChildTask<RawJson>? part) = parts.GetValueOrDefault(ended.Ordinal);
            if (part is not null && policy == GroupPolicy.Settle && ended.IsSuccess)
            {
                MapPartEnd end = MapPartEnd.FromJson(part.GetResult().Text);
                failed += end.Failed.Count;
                if (end.Failures is { } inner) failures.Add(inner.ToException(FailureTypes.None), ((IGroupChild)part).Origin);
            }
            else if (ended is { Exception: { } error, Origin: { } origin })
            {
                // The part as a whole: its silo was lost too often, or its values are more than a message can carry.
                failed += count;
                failures.Add(error, origin);
            }
        }

        ExceptionGroup? group = failures.Build(settings.Map, scope.State.Cause);
        // Of a cancellation and failures the failures win (R5).
        if (group is not null && scope.State.Cause is not null && settings.Policy.ThrowsAtEnd()) throw group;
        return new PagedMapTally(Pages: 1, items.Count - failed, failed, group is null ? null : Failure.From(group));
    }
}

/// <summary>A page's input. Journaled.</summary>
/// <param name="Settings">The map's.</param>
/// <param name="Items">The items, a JSON array.</param>
internal sealed record PagedMapPageInput(PagedMapSettings Settings, [property: JsonConverter(typeof(RawJsonConverter))] string Items)
{
    public static PagedMapPageInput FromJson(string json) => JsonSerializer.Deserialize<PagedMapPageInput>(json, PagedMapSettings.Format)!;

    public string ToJson() => JsonSerializer.Serialize(this, PagedMapSettings.Format);

    public List<string> ReadItems()
    {
        using JsonDocument items = JsonDocument.Parse(Items, Payloads.AnyDepth);
        return [.. items.RootElement.EnumerateArray().Select(item => item.GetRawText())];
    }
}
