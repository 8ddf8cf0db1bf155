using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Sheaf.Conformance;

/// <summary>What a map over pages is to meet. Items are numbered over all pages.</summary>
public sealed record PagesPlan(string Stage, int Pages, int ItemsPerPage)
{
    public GroupPolicy Policy { get; init; }

    public int? InputsPerChild { get; init; }

    public int? MaxConcurrency { get; init; }

    public int MaxFailures { get; init; } = 100;

    public int Attempts { get; init; } = 1;

    public TimeSpan? Deadline { get; init; }

    public int[] Fails { get; init; } = [];

    public int[] FailsFirst { get; init; } = [];

    public int[] Spawns { get; init; } = [];

    public int WaitsAt { get; init; } = -1;

    public int SourceFailsAt { get; init; } = -1;

    public int SourceFailsFirstAt { get; init; } = -1;

    public int SourceGivesNoneAt { get; init; } = -1;

    public int SourceTimesOutAt { get; init; } = -1;

    public int SourceWaitsAt { get; init; } = -1;

    /// <summary>What items fail with; null for an exception each.</summary>
    public string? FailsWith { get; init; }
}

public sealed record PageItem(string Stage, int Number, string Does);

[JsonSerializable(typeof(PagesPlan))]
[JsonSerializable(typeof(MapPageRequest<PagesPlan>))]
[JsonSerializable(typeof(MapPage<PageItem>))]
[JsonSerializable(typeof(PagedMapSummary))]
public sealed partial class PagesJson : JsonSerializerContext;

[Workflow("pages/v1")]
public sealed class PagedMapWorkflow : Workflow<PagesPlan, PagedMapSummary>
{
    public override Task<PagedMapSummary> RunAsync(PagesPlan input, WorkflowContext workflow) =>
        workflow.GroupAsync("g", async group => await group.MapPagesAsync("pages", Run.Worker<PageSource>(), input, Run.Worker<PageWorker>(), new()
        {
            Policy = input.Policy,
            InputsPerChild = input.InputsPerChild,
            MaxConcurrency = input.MaxConcurrency,
            MaxFailures = input.MaxFailures,
            Deadline = input.Deadline,
            Retry = input.Attempts > 1 ? new RetryPolicy { MaxAttempts = input.Attempts, InitialDelay = TimeSpan.Zero } : null,
        }));
}

[Worker("page-source/v1")]
public sealed class PageSource : Worker<MapPageRequest<PagesPlan>, MapPage<PageItem>>
{
    public override async Task<MapPage<PageItem>> RunAsync(MapPageRequest<PagesPlan> input, WorkerContext context, CancellationToken cancellationToken)
    {
        PagesPlan plan = input.Source;
        int page = input.Cursor is null ? 0 : int.Parse(input.Cursor, CultureInfo.InvariantCulture);
        Stage.Of(plan.Stage).Log("read");
        if (page == plan.SourceFailsAt || (page == plan.SourceFailsFirstAt && context.Attempt == 1)) throw new TimeoutException($"page {page}");
        // As an HttpClient does, which nobody has cancelled.
        if (page == plan.SourceTimesOutAt) throw new TaskCanceledException($"page {page}");
        if (page == plan.SourceWaitsAt)
        {
            await using CancellationTokenRegistration registration = cancellationToken.Register(() => Stage.Of(plan.Stage).Log("source cancelled"));
            Stage.Of(plan.Stage).Log("source waits");
            // Whatever its token says.
            await Stage.Of(plan.Stage).AtGate("source");
        }

        if (page == plan.SourceGivesNoneAt) return null!;
        PageItem[] items = [.. Enumerable.Range(page * plan.ItemsPerPage, plan.ItemsPerPage).Select(number => new PageItem(plan.Stage, number, DoesAt(plan, number)))];
        return new MapPage<PageItem>(items, page + 1 < plan.Pages ? (page + 1).ToString(CultureInfo.InvariantCulture) : null);
    }

    private static string DoesAt(PagesPlan plan, int number)
    {
        if (plan.Fails.Contains(number)) return plan.FailsWith ?? "fail";
        if (plan.FailsFirst.Contains(number)) return "fail first";
        if (plan.Spawns.Contains(number)) return "spawn";
        return plan.WaitsAt == number ? "wait" : "";
    }
}

[Worker("page-worker/v1")]
public sealed class PageWorker : Worker<PageItem, int>
{
    private static readonly ConcurrentDictionary<string, Exception> Shared = new();

    public override async Task<int> RunAsync(PageItem input, WorkerContext context, CancellationToken cancellationToken)
    {
        Stage stage = Stage.Of(input.Stage);
        stage.Enter();
        stage.Log("ran");
        stage.Log($"item {input.Number}");
        try
        {
            await Task.Yield();
            switch (input.Does)
            {
                case "fail":
                case "fail first" when context.Attempt == 1:
                    throw new FormatException($"item {input.Number}");
                case "fail as others":
                    throw Shared.GetOrAdd(input.Stage, _ => new FormatException("shared"));
                case "fail as others and more":
                    throw new AggregateException(Shared.GetOrAdd(input.Stage, _ => new FormatException("shared")), new TimeoutException("own"));
                case "fail with its own type":
                    throw new PageException($"item {input.Number}", null);
                case "fail with a group":
                    await TaskGroup.RunAsync(group => group.Start("inner", _ => Task.FromException(new FormatException($"item {input.Number}"))), cancellationToken: cancellationToken);
                    break;
                case "spawn":
                    await context.SpawnAsync("more", Run.Worker<PageSpawned>(), input.Number);
                    break;
                case "wait":
                    stage.Log("waits");
                    await stage.AtGate("pages").WaitAsync(cancellationToken);
                    break;
                default:
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            stage.Log("cancelled");
            throw;
        }
        finally
        {
            stage.Leave();
        }

        return input.Number * 2;
    }
}

public sealed class PageException(string message, Exception? inner) : Exception(message, inner);

[Worker("page-spawned/v1")]
public sealed class PageSpawned : Worker<int, int>
{
    public override Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken) => throw new NotSupportedException("spawned");
}
