using System.Runtime.CompilerServices;
using System.Text.Json;
using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>What every host's client does with types: inputs to JSON, ends to values and exceptions.</summary>
internal abstract class WorkflowClientBase(Payloads payloads, SheafOptions options) : IWorkflowClient
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public Task<bool> StartAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, WorkflowId id, TIn input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        ReservedIds.ThrowIfReserved(id);
        return StartAsync(workflow.Name, id, payloads.Write(input, "input of workflow", id.Value) ?? "null", cancellationToken);
    }

    public async Task<TOut> RunAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, WorkflowId id, TIn input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        ReservedIds.ThrowIfReserved(id);
        string json = payloads.Write(input, "input of workflow", id.Value) ?? "null";
        cancellationToken.ThrowIfCancellationRequested();
        Task<WorkflowEnd> end = RunAsync(workflow.Name, id, json);
        await ((Task)end).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!end.IsCompleted) await CancelUntilItHoldsAsync(id, end).ConfigureAwait(false);
        return ToValue<TOut>(id, await end.ConfigureAwait(false), cancellationToken);
    }

    /// <summary>The start may still be on its way, and a cancellation overtakes it: there is no workflow then, yet.</summary>
    private async Task CancelUntilItHoldsAsync(WorkflowId id, Task end)
    {
        try
        {
            for (int tries = 1; !await CancelAsync(id, "the caller's token was signalled", CancellationToken.None).ConfigureAwait(false) && !end.IsCompleted; tries++)
                await Task.WhenAny(end, Task.Delay(Outage.DelayAfter(tries, Pause), TimeProvider.System, CancellationToken.None)).ConfigureAwait(false);
        }
        catch (WorkflowStuckException)
        {
            // So does the end.
        }
    }

    public async Task<TOut> ResultAsync<TOut>(WorkflowId id, CancellationToken cancellationToken = default) =>
        ToValue<TOut>(id, await EndAsync(id, cancellationToken).ConfigureAwait(false), cancellationToken);

    public Task<bool> CancelAsync(WorkflowId id, string? reason = null, CancellationToken cancellationToken = default) =>
        AskAsync(id, new AskCancel(reason, "client"), cancellationToken);

    public Task<bool> TerminateAsync(WorkflowId id, string? reason = null, CancellationToken cancellationToken = default) =>
        AskAsync(id, new AskTerminate(reason, "client"), cancellationToken);

    public Task<bool> SignalAsync<T>(WorkflowId id, string signal, T value, string? key = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(signal);
        return AskAsync(id, new AskSignal(signal, payloads.Write(value, "value of signal", signal), key), cancellationToken);
    }

    public Task<bool> RetryAsync(WorkflowId id, CancellationToken cancellationToken = default) => AskAsync(id, new AskRetry(), cancellationToken);

    public async IAsyncEnumerable<MapPageOutcomes<T>> ReadMapAsync<T>(WorkflowId map, int firstPage = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPage);
        WorkflowDescription description = await DescribeAsync(map, cancellationToken).ConfigureAwait(false)
            ?? throw new KeyNotFoundException($"There is no workflow '{map}'.");
        if (description.Workflow != PagedMap.Name)
            throw new InvalidOperationException($"Workflow '{map}' is a '{description.Workflow}', and no map over pages. Ask for the map's own: {nameof(PagedMapSummary)}.{nameof(PagedMapSummary.Workflow)}, or its child's {nameof(ChildDescription.WorkflowId)}.");
        MapReader reader = new(payloads, options.FailureTypes);
        for (int page = firstPage; page < description.Run; page++)
        {
            WorkflowState? state = await FoldAsync(PagedMap.IdOfPage(map, page), cancellationToken).ConfigureAwait(false);
            if (state is { HasEnded: true })
            {
                yield return new MapPageOutcomes<T>(page, reader.Read<T>(state));
                continue;
            }

            // The last may not have begun, and may never.
            bool isLast = page == description.Run - 1 && description.Status != WorkflowStatus.Succeeded;
            if (state is not null || isLast) yield break;
            throw new KeyNotFoundException($"Page {page} of map '{map}' has been purged. Begin with a later one.");
        }
    }

    public abstract Task<WorkflowDescription?> DescribeAsync(WorkflowId id, CancellationToken cancellationToken = default);

    public abstract IAsyncEnumerable<WorkflowEvent> WatchAsync(WorkflowId id, CancellationToken cancellationToken = default);

    public abstract IAsyncEnumerable<WorkflowSummary> ListAsync(WorkflowStatus? status = null, CancellationToken cancellationToken = default);

    protected abstract Task<bool> StartAsync(string workflow, WorkflowId id, string input, CancellationToken cancellationToken);

    /// <summary>Starts it if need be, and waits for its end, however long.</summary>
    protected abstract Task<WorkflowEnd> RunAsync(string workflow, WorkflowId id, string input);

    protected abstract Task<WorkflowEnd> EndAsync(WorkflowId id, CancellationToken cancellationToken);

    /// <summary>The state that a workflow's journal tells; null where there is no such workflow.</summary>
    protected abstract Task<WorkflowState?> FoldAsync(WorkflowId id, CancellationToken cancellationToken);

    protected abstract Task<bool> AskAsync(WorkflowId id, Input input, CancellationToken cancellationToken);

    private TOut ToValue<TOut>(WorkflowId id, WorkflowEnd end, CancellationToken cancellationToken)
    {
        Result result = end.Result;
        if (result.Kind == OutcomeKind.Succeeded) return ReadValue<TOut>(id, result.Value);
        if (result.Failure is { } failure && result.Kind == OutcomeKind.Failed) throw GroupOf(id, failure);
        throw new OperationCanceledException($"Workflow '{id}' was cancelled{(end.Cause is { } cause ? $": {cause}" : "")}.", cancellationToken);
    }

    /// <summary>A failure that is no group becomes a group of one, under the workflow's name and with its origins.</summary>
    private ExceptionGroup GroupOf(WorkflowId id, Failure failure)
    {
        Exception exception = failure.ToException(options.FailureTypes);
        if (exception is ExceptionGroup group) return group;
        Children children = new();
        children.Add(exception, failure.Origins);
        return new ExceptionGroup(id.Value, children, cause: null);
    }

    private TOut ReadValue<TOut>(WorkflowId id, string? json)
    {
        try
        {
            return payloads.Read<TOut>(json)!;
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new InvalidOperationException($"The value of workflow '{id}' cannot be read as {typeof(TOut)}. Ask for the type that the workflow returns.", exception);
        }
    }
}
