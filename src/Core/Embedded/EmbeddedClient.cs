using System.Runtime.CompilerServices;
using System.Text.Json;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Embedded;

/// <summary>The client of the embedded host.</summary>
internal sealed class EmbeddedClient(EmbeddedHost host) : IWorkflowClient
{
    public async Task<bool> StartAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, WorkflowId id, TIn input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        _ = id.Value;
        if (!host.Registry.Workflows.TryGet(workflow.Name, out _)) throw new InvalidOperationException(host.Registry.Workflows.Missing(workflow.Name));
        string json = host.Payloads.Write(input, "input of workflow", id.Value) ?? "null";
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        WorkflowHeader mine = new() { Id = id, Workflow = workflow.Name, Input = json, CreatedAt = host.Time.GetUtcNow(), Owner = host.OwnerName, Epoch = 1 };
        (bool created, WorkflowHeader there) = await host.Journal.CreateAsync(mine, cancellationToken).ConfigureAwait(false);
        if ((there.Workflow, there.Input) != (mine.Workflow, mine.Input))
        {
            throw new InvalidOperationException(
                $"The workflow id '{id}' belongs to '{there.Workflow}'{(there.Workflow == mine.Workflow ? " with another input" : "")}, created at {there.CreatedAt:u}. Start this one under an id of its own.");
        }

        if (there.Status == WorkflowStatus.Running && there.Owner == host.OwnerName) host.Own(there);
        return created;
    }

    public async Task<TOut> RunAsync<TIn, TOut>(IWorkflowRef<Workflow<TIn, TOut>> workflow, WorkflowId id, TIn input, CancellationToken cancellationToken = default)
    {
        await StartAsync(workflow, id, input, cancellationToken).ConfigureAwait(false);
        Task<Result> end = EndOfAsync(id, CancellationToken.None);
        await ((Task)end).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!end.IsCompleted) await CancelAsync(id, "the caller's token was signalled", CancellationToken.None).ConfigureAwait(false);
        return await ToValueAsync<TOut>(id, await end.ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    public async Task<TOut> ResultAsync<TOut>(WorkflowId id, CancellationToken cancellationToken = default) =>
        await ToValueAsync<TOut>(id, await EndOfAsync(id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    public Task<bool> CancelAsync(WorkflowId id, string? reason = null, CancellationToken cancellationToken = default) =>
        AskAsync(id, new AskCancel(reason, "client"), cancellationToken);

    public Task<bool> SignalAsync<T>(WorkflowId id, string signal, T value, string? key = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(signal);
        return AskAsync(id, new AskSignal(signal, host.Payloads.Write(value, "value of signal", signal), key), cancellationToken);
    }

    public Task<bool> RetryAsync(WorkflowId id, CancellationToken cancellationToken = default) =>
        AskAsync(id, new AskRetry(), cancellationToken);

    public async Task<WorkflowDescription?> DescribeAsync(WorkflowId id, CancellationToken cancellationToken = default)
    {
        if (await host.Journal.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } header) return null;
        List<JournalEntry> entries = await JournalReading.ReadAllAsync(host.Journal, id, cancellationToken).ConfigureAwait(false);
        return Descriptions.Of(header, entries, host.Find(id)?.StuckReason);
    }

    public async IAsyncEnumerable<WorkflowEvent> WatchAsync(WorkflowId id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        await FindOrThrowAsync(id, cancellationToken).ConfigureAwait(false);
        EventView view = new(id);
        long next = 0;
        while (true)
        {
            // Asked for before the reading: a commit that falls between the two completes it.
            WorkflowActor? actor = await FindActorAsync(id, cancellationToken).ConfigureAwait(false);
            Task? progress = actor?.WhenProgress;
            await foreach ((long sequence, JournalEntry entry) in JournalReading.ReadAsync(host.Journal, id, next, cancellationToken).ConfigureAwait(false))
            {
                next = sequence + 1;
                foreach (WorkflowEvent @event in view.Add(sequence, entry)) yield return @event;
            }

            if (view.HasEnded || progress is null) yield break;
            if (actor?.StuckReason is { } reason) throw new WorkflowStuckException(reason);
            await progress.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async IAsyncEnumerable<WorkflowSummary> ListAsync(WorkflowStatus? status = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Stuck is a state of running workflows that only their host knows.
        WorkflowStatus? stored = status == WorkflowStatus.Stuck ? WorkflowStatus.Running : status;
        await foreach (WorkflowHeader header in host.Journal.ListAsync(stored, cancellationToken).ConfigureAwait(false))
        {
            WorkflowStatus actual = host.Find(header.Id)?.StuckReason is null ? header.Status : WorkflowStatus.Stuck;
            if (status is null || actual == status) yield return new WorkflowSummary(header.Id, header.Workflow, actual, header.CreatedAt);
        }
    }

    private async Task<WorkflowHeader> FindOrThrowAsync(WorkflowId id, CancellationToken cancellationToken) =>
        await host.Journal.FindAsync(id, cancellationToken).ConfigureAwait(false)
            ?? throw new KeyNotFoundException($"There is no workflow '{id}'. Start it first, or look for it in the list.");

    /// <summary>The actor of a workflow that this host owns; null for one that has ended or is another's.</summary>
    private async Task<WorkflowActor?> FindActorAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        if (host.Find(id) is { } actor) return actor;
        // Created by a call that has not come to running it: this one does.
        WorkflowHeader? header = await host.Journal.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (header is not { Status: WorkflowStatus.Running } || header.Owner != host.OwnerName || host.Stopping.IsCancellationRequested) return null;
        host.Own(header);
        return host.Find(id);
    }

    private async Task<Result> EndOfAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        await FindOrThrowAsync(id, cancellationToken).ConfigureAwait(false);
        if (await FindActorAsync(id, cancellationToken).ConfigureAwait(false) is { } actor) return await actor.WhenEnded.WaitAsync(cancellationToken).ConfigureAwait(false);
        WorkflowState state = new(id);
        NoEffects nothing = new();
        await foreach ((_, JournalEntry entry) in JournalReading.ReadAsync(host.Journal, id, 0, cancellationToken).ConfigureAwait(false)) Transitions.Apply(state, entry, nothing);
        return state.Result ?? throw new InvalidOperationException($"Workflow '{id}' has not ended, and this host does not run it. Ask its owner.");
    }

    private async Task<bool> AskAsync(WorkflowId id, Input input, CancellationToken cancellationToken)
    {
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        if (await FindActorAsync(id, cancellationToken).ConfigureAwait(false) is not { } actor) return false;
        TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        actor.Post(new Letter(input, done));
        return await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A failure that is no group becomes a group of one, under the workflow's name and with its origins.</summary>
    private ExceptionGroup GroupOf(WorkflowId id, Failure failure)
    {
        Exception exception = failure.ToException(host.Options.FailureTypes);
        if (exception is ExceptionGroup group) return group;
        Children children = new();
        children.Add(exception, failure.Origins);
        return new ExceptionGroup(id.Value, children, cause: null);
    }

    private async Task<TOut> ToValueAsync<TOut>(WorkflowId id, Result result, CancellationToken cancellationToken)
    {
        if (result.Kind == OutcomeKind.Succeeded) return ReadValue<TOut>(id, result.Value);
        if (result.Failure is { } failure && result.Kind == OutcomeKind.Failed) throw GroupOf(id, failure);
        // Not the caller's token: it may be what cancelled the workflow, and the answer is due all the same.
        WorkflowDescription? description = await DescribeAsync(id, CancellationToken.None).ConfigureAwait(false);
        throw new OperationCanceledException($"Workflow '{id}' was cancelled{(description?.Cause is { } cause ? $": {cause}" : "")}.", cancellationToken);
    }

    private TOut ReadValue<TOut>(WorkflowId id, string? json)
    {
        try
        {
            return host.Payloads.Read<TOut>(json)!;
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new InvalidOperationException($"The value of workflow '{id}' cannot be read as {typeof(TOut)}. Ask for the type that the workflow returns.", exception);
        }
    }
}
