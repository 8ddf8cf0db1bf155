using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text;
using System.Text.Json;
using Orleans;
using Orleans.Runtime;
using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>The client of a cluster, inside it and outside.</summary>
/// <remarks>
/// A call that does not come back, because a silo died or a workflow moved, is made again: all of them can be repeated, a signal by
/// the key that it gets here. Waiting is asking again and again, each time for a while (D7).
/// </remarks>
internal sealed class ClusterClient(IGrainFactory grains, SheafOptions options)
    : WorkflowClientBase(new Payloads(options.SerializerOptions, options.MaxPayloadBytes, options.FailureTypes), options), ISheafCluster
{
    /// <summary>How long one call waits at the most.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);

    /// <summary>How long a call that waits for nothing is made again before its failure is the caller's.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(60);

    /// <summary>So many workflows are deleted at once: the transaction is short where they have thousands of entries each.</summary>
    private const int PurgePage = 200;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private GrainReference? _anyWorkflow;

    // How large messages a silo takes; 0 until one was asked. All should take the same.
    private volatile int _maxMessageBytes;

    public override async Task<WorkflowDescription?> DescribeAsync(WorkflowId id, CancellationToken cancellationToken = default)
    {
        string? json;
        try
        {
            json = await CallAsync(() => Grain(id).DescribeAsync(), cancellationToken).ConfigureAwait(false);
        }
        catch (DescriptionTooLargeException)
        {
            json = await CallAsync(() => DescribeInPagesAsync(id, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        return json is null ? null : JsonSerializer.Deserialize<WorkflowDescription>(json, WireJson.Options);
    }

    public override async IAsyncEnumerable<WorkflowEvent> WatchAsync(WorkflowId id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        EventView view = new(id);
        long next = 0;
        while (!view.HasEnded)
        {
            cancellationToken.ThrowIfCancellationRequested();
            JournalPage page = await CallAsync(() => Grain(id).ReadAsync(next, Wait), cancellationToken).ConfigureAwait(false);
            foreach ((long sequence, JournalEntry entry) in EntriesFrom(next, page))
            {
                foreach (WorkflowEvent @event in view.Add(sequence, entry)) yield return @event;
                next = sequence + 1;
            }

            if (page.Commits.Count == 0 && page.Stuck is { } reason) throw new WorkflowStuckException(reason);
        }
    }

    public override async IAsyncEnumerable<WorkflowSummary> ListAsync(WorkflowStatus? status = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // What has been given, where the listing begins anew since the silo that it came from is lost: it has its place there, and nowhere else.
        HashSet<string> given = new(StringComparer.Ordinal);
        long progressAt = TimeProvider.System.GetTimestamp();
        for (bool isLost = true; isLost;)
        {
            // The first item comes after all silos have been asked, and one of them may just have died.
            (IAsyncEnumerator<ListedWorkflow> listed, bool any) = await CallAsync(
                async () =>
                {
                    IAsyncEnumerator<ListedWorkflow> items = grains.GetGrain<IWorkflowListGrain>(NewKey()).ListAsync(status).GetAsyncEnumerator(cancellationToken);
                    return (items, await items.MoveNextAsync().ConfigureAwait(false));
                },
                cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable disposal = listed.ConfigureAwait(false);
            for (isLost = false; any; (any, isLost) = await TryMoveNextAsync(listed, progressAt).ConfigureAwait(false))
            {
                if (!given.Add(listed.Current.Id)) continue;
                yield return new WorkflowSummary(listed.Current.Id, listed.Current.Workflow, listed.Current.Status, listed.Current.CreatedAt) { EndedAt = listed.Current.EndedAt };
                progressAt = TimeProvider.System.GetTimestamp();
            }
        }
    }

    public Task<IReadOnlyList<RunningChild>> GetRunningAsync(CancellationToken cancellationToken = default) =>
        CallAsync(() => grains.GetGrain<IWorkflowListGrain>(NewKey()).AuditAsync(orphansOnly: false), cancellationToken);

    public Task<IReadOnlyList<RunningChild>> AuditAsync(CancellationToken cancellationToken = default) =>
        CallAsync(() => grains.GetGrain<IWorkflowListGrain>(NewKey()).AuditAsync(orphansOnly: true), cancellationToken);

    public async Task<long> PurgeAsync(DateTimeOffset endedBefore, CancellationToken cancellationToken = default)
    {
        long purged = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int page = await CallAsync(() => grains.GetGrain<IWorkflowListGrain>(NewKey()).PurgeAsync(endedBefore, PurgePage), cancellationToken).ConfigureAwait(false);
            purged += page;
            if (page < PurgePage) return purged;
        }
    }

    /// <summary>Starts a workflow as another's child.</summary>
    internal Task<bool> StartAsync(string workflow, WorkflowId id, string input, Begin begin, TimeSpan giveUpAfter, CancellationToken cancellationToken) =>
        CallAsync(() => Grain(id).StartAsync(new StartWorkflow(workflow, input, begin.TraceParent, begin.Deadline)), giveUpAfter, cancellationToken, new Payload($"The input of workflow '{id}'", input));

    /// <summary>Waits for the end of a workflow, however long.</summary>
    internal async Task<WorkflowEnd> WaitAsync(WorkflowId id, CancellationToken cancellationToken) =>
        ToEnd(await AskUntilEndedAsync(id, () => Grain(id).EndAsync(Wait), sent: null, cancellationToken).ConfigureAwait(false));

    /// <summary>Cancels a workflow in somebody's name.</summary>
    internal Task<bool> CancelAsync(WorkflowId id, string? reason, string? by, TimeSpan giveUpAfter, CancellationToken cancellationToken) =>
        CallAsync(() => Grain(id).CancelAsync(reason, by), giveUpAfter, cancellationToken);

    protected override Task<bool> StartAsync(string workflow, WorkflowId id, string input, CancellationToken cancellationToken) =>
        StartAsync(workflow, id, input, new Begin(Activity.Current?.Id), GiveUpAfter, cancellationToken);

    protected override async Task<WorkflowEnd> RunAsync(string workflow, WorkflowId id, string input)
    {
        StartWorkflow start = new(workflow, input, Activity.Current?.Id, Deadline: null);
        return ToEnd(await AskUntilEndedAsync(id, () => Grain(id).RunAsync(start, Wait), new Payload($"The input of workflow '{id}'", input), CancellationToken.None).ConfigureAwait(false));
    }

    protected override Task<WorkflowEnd> EndAsync(WorkflowId id, CancellationToken cancellationToken) => WaitAsync(id, cancellationToken);

    protected override Task<bool> AskAsync(WorkflowId id, Input input, CancellationToken cancellationToken)
    {
        switch (input)
        {
            case AskCancel cancel:
                return CancelAsync(id, cancel.Reason, cancel.By, GiveUpAfter, cancellationToken);
            case AskTerminate terminate:
                return CallAsync(() => Grain(id).TerminateAsync(terminate.Reason, terminate.By), cancellationToken);
            case AskSignal signal:
                // A key for all its repetitions: it must count once.
                string key = signal.Key ?? NewKey().ToString();
                return CallAsync(() => Grain(id).SignalAsync(signal.Name, signal.Json, key), GiveUpAfter, cancellationToken, signal.Json is null ? null : new Payload($"The value of signal '{signal.Name}'", signal.Json));
            case AskRetry:
                return CallAsync(() => Grain(id).RetryAsync(), cancellationToken);
            default:
                throw new InvalidOperationException($"A client does not ask for {input.GetType().Name}.");
        }
    }

    protected override async Task<WorkflowState?> FoldAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        WorkflowState state = new(id);
        NoEffects nothing = new();
        long next = 0;
        try
        {
            while (await CallAsync(() => Grain(id).ReadAsync(next, TimeSpan.Zero), cancellationToken).ConfigureAwait(false) is { Commits.Count: > 0 } page)
            {
                foreach ((long sequence, JournalEntry entry) in EntriesFrom(next, page))
                {
                    Transitions.Apply(state, entry, nothing);
                    next = sequence + 1;
                }
            }
        }
        catch (KeyNotFoundException)
        {
            return null;
        }

        return state;
    }

    /// <summary>The entries of a page with their numbers, without those of its first commit that have been read.</summary>
    private static IEnumerable<(long Sequence, JournalEntry Entry)> EntriesFrom(long next, JournalPage page) =>
        page.Commits.SelectMany(commit => EntryCodec.Decode(commit)).Select((entry, i) => (page.FirstSequence + i, entry)).Where(read => read.Item1 >= next);

    private static WorkflowEnd ToEnd(EndedWorkflow ended)
    {
        if (ended.Stuck is { } stuck) ExceptionDispatchInfo.Throw(stuck);
        Failure? failure = ended.Failure is null ? null : Failure.FromJson(ended.Failure);
        return new WorkflowEnd(new Result(ended.Kind, ended.Value, failure), ended.Cause);
    }

    /// <summary>Whether a call may be made again: the cluster had it fail, not the workflow.</summary>
    private static bool IsTransient(Exception error) => (error is WorkflowMovedException or TimeoutException or OrleansException or EnumerationAbortedException) && !MessageSize.IsTooLarge(error);

    /// <summary>The next item of a listing; none, and that it is lost, where it cannot go on since its silo is gone.</summary>
    private static async Task<(bool Any, bool IsLost)> TryMoveNextAsync(IAsyncEnumerator<ListedWorkflow> listed, long progressAt)
    {
        try
        {
            return (await listed.MoveNextAsync().ConfigureAwait(false), false);
        }
        catch (Exception error) when (IsTransient(error) && TimeProvider.System.GetElapsedTime(progressAt) < GiveUpAfter)
        {
            return (false, true);
        }
    }

#pragma warning disable RS0030 // A key that no other call has; nothing is replayed from it.
    private static Guid NewKey() => Guid.NewGuid();
#pragma warning restore RS0030

    private async Task<EndedWorkflow> AskUntilEndedAsync(WorkflowId id, Func<Task<EndedWorkflow?>> ask, Payload? sent, CancellationToken cancellationToken)
    {
        while (true)
        {
            // A silo is on its way out, or dead and not declared so: however long, its workflows go on elsewhere.
            if (await CallAsync(ask, Timeout.InfiniteTimeSpan, cancellationToken, sent).ConfigureAwait(false) is { } ended)
                return ended.Value?.Length < ended.Length ? ended with { Value = await ReadWholeAsync(id, ended, cancellationToken).ConfigureAwait(false) } : ended;
        }
    }

    /// <summary>The value of a workflow that is larger than a message may be: as that of a large map's is.</summary>
    private async Task<string> ReadWholeAsync(WorkflowId id, EndedWorkflow ended, CancellationToken cancellationToken)
    {
        StringBuilder whole = new(ended.Value, ended.Length);
        while (whole.Length < ended.Length)
            whole.Append(await CallAsync(() => Grain(id).ReadValueAsync(whole.Length), Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false));
        return whole.ToString();
    }

    /// <summary>One page a message; the text is kept where the first page came from.</summary>
    private async Task<string?> DescribeInPagesAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        StringBuilder whole = new();
        await foreach (string page in Grain(id).DescribeInPagesAsync().WithBatchSize(1).WithCancellation(cancellationToken).ConfigureAwait(false)) whole.Append(page);
        return whole.Length == 0 ? null : whole.ToString();
    }

    private Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) => CallAsync(call, GiveUpAfter, cancellationToken);

    private async Task<T> CallAsync<T>(Func<Task<T>> call, TimeSpan giveUpAfter, CancellationToken cancellationToken, Payload? sent = null)
    {
        long startedAt = TimeProvider.System.GetTimestamp();
        bool isFirst = true;
        while (true)
        {
            try
            {
                if (sent is not null) await CheckSizeAsync(sent, isFirst).WaitAsync(cancellationToken).ConfigureAwait(false);
                return await call().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectDisposedException disposed)
            {
                throw new OperationCanceledException("The cluster's client has been stopped.", disposed);
            }
            catch (Exception error) when (IsTransient(error) && (giveUpAfter == Timeout.InfiniteTimeSpan || TimeProvider.System.GetElapsedTime(startedAt) < giveUpAfter))
            {
                isFirst = false;
                await Task.Delay(Pause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (MessageSize.IsTooLarge(error))
            {
                // Neither this nor a repetition arrives.
                throw new PayloadTooLargeException(sent?.TooLarge(error.Message) ?? $"A call to the cluster is more than a message can carry: {error.Message}", error);
            }
        }
    }

    /// <summary>
    /// Looks, before it is sent, whether a silo takes it. One that is sent a larger message closes the connection: whoever sent it is not
    /// told why, and others' calls over the connection are lost with it. This side's own limit may be another.
    /// </summary>
    /// <exception cref="PayloadTooLargeException">It does not.</exception>
    private async Task CheckSizeAsync(Payload sent, bool isFirst)
    {
        if (sent.Json.Length <= Payload.AlwaysFits) return;
        // After a failure the silos may be others than those that were asked before.
        if (isFirst && sent.Fits(_maxMessageBytes)) return;
        try
        {
            _maxMessageBytes = await grains.GetGrain<IWorkflowListGrain>(NewKey()).GetMaxMessageBytesAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // No silo is there to ask, or one of an earlier version: then it is seen what becomes of the call.
            return;
        }

        if (!sent.Fits(_maxMessageBytes)) throw new PayloadTooLargeException(sent.TooLarge($"a silo takes messages of {_maxMessageBytes} bytes"));
    }

    private IWorkflowGrain Grain(WorkflowId id)
    {
        // To find a grain by its interface the factory reads the interface's attributes, each time: the first answer is that of all.
        GrainReference any = _anyWorkflow ??= (GrainReference)grains.GetGrain<IWorkflowGrain>(id.Value);
        return (IWorkflowGrain)grains.GetGrain(GrainId.Create(any.GrainId.Type, id.Value), any.InterfaceType);
    }

    /// <summary>What a call carries that may be large.</summary>
    private sealed record Payload(string What, string Json)
    {
        /// <summary>So many characters are no reason for any message not to arrive.</summary>
        public const int AlwaysFits = 16 * 1024;

        /// <summary>What a message has beside it: its name and id, and what Orleans adds.</summary>
        public const int Overhead = 4 * 1024;

        public int Bytes => Encoding.UTF8.GetByteCount(Json);

        public bool Fits(int maxMessageBytes) => Bytes <= maxMessageBytes - Overhead;

        public string TooLarge(string why) =>
            $"{What} is {Bytes} bytes of JSON, more than a message of the cluster can carry: {why}. Pass a reference to where the data is, or raise MaxMessageBodySize of SiloMessagingOptions and ClientMessagingOptions.";
    }
}
