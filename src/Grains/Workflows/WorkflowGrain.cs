using System.Text.Json;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Sheaf.Codecs;
using Sheaf.Engine;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Grains;

/// <summary>
/// The workflow's place in the cluster: where it is activated, its silo owns it. The shell around the engine runs beside it, off
/// the grain's turns, so that no call ever waits for the workflow's code.
/// </summary>
[Reentrant]
[HashBasedPlacement]
[Immovable]
[CollectionAgeLimit(Minutes = 2)]
internal sealed class WorkflowGrain(ClusterHost host) : Grain, IWorkflowGrain
{
    private const int MaxPageBytes = 1024 * 1024;

    private WorkflowActor? _kept;

    private WorkflowId Id => this.GetPrimaryKeyString();

    /// <summary>Whatever ended the activation, as the directory does where the silo of its entry is gone: what runs here goes on, and its end finds nothing to keep.</summary>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _kept = null;
        return Task.CompletedTask;
    }

    public Task<bool> StartAsync(StartWorkflow start) => AskAsync(async () =>
    {
        bool started = await host.Workflows.StartAsync(start.Workflow, Id, start.Input, new Begin(start.TraceParent, start.Deadline), CancellationToken.None);
        Keep();
        return started;
    });

    public Task<EndedWorkflow?> RunAsync(StartWorkflow start, TimeSpan wait) => AskAsync(() =>
        WaitAsync(token => host.Workflows.RunAsync(start.Workflow, Id, start.Input, new Begin(start.TraceParent, start.Deadline), token), wait));

    public Task<EndedWorkflow?> EndAsync(TimeSpan wait) => AskAsync(() => WaitAsync(token => host.Workflows.EndAsync(Id, token), wait));

    public Task<string> ReadValueAsync(int from) => AskAsync(async () => host.MessageLimit.Page((await host.Workflows.EndAsync(Id, CancellationToken.None)).Result.Value ?? "", from));

    public Task<bool> CancelAsync(string? reason, string? by) => AskAsync(() => InputAsync(new AskCancel(reason, by)));

    public Task<bool> TerminateAsync(string? reason, string? by) => AskAsync(() => InputAsync(new AskTerminate(reason, by)));

    public Task<bool> SignalAsync(string name, string? json, string key) => AskAsync(() => InputAsync(new AskSignal(name, json, key)));

    public Task<bool> RetryAsync() => AskAsync(() => InputAsync(new AskRetry()));

    public async Task<string?> DescribeAsync()
    {
        string? json = await WriteDescriptionAsync();
        return json is null || host.MessageLimit.Fits(json) ? json : throw new DescriptionTooLargeException($"The description of workflow '{Id}' is {json.Length} characters of JSON, more than a message of this cluster can carry.");
    }

    public async IAsyncEnumerable<string> DescribeInPagesAsync()
    {
        // Made once: the workflow goes on meanwhile, and its pages have to be of one text.
        string json = await WriteDescriptionAsync() ?? "";
        for (int from = 0; from < json.Length;)
        {
            string page = host.MessageLimit.Page(json, from);
            yield return page;
            from += page.Length;
        }
    }

    public Task<JournalPage> ReadAsync(long fromSequence, TimeSpan wait) => AskAsync(async () =>
    {
        // Asked for before the reading: a commit that falls between the two completes it.
        using WorkflowActor.Hold? held = await host.Workflows.HoldAsync(Id, CancellationToken.None);
        WorkflowActor? actor = held?.Actor;
        Keep();
        Task? progress = actor?.WhenProgress;
        JournalPage page = await ReadPageAsync(fromSequence, actor);
        if (page.Commits.Count > 0 || page.Stuck is not null || progress is null) return page;
        await progress.WaitAsync(wait, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return await ReadPageAsync(fromSequence, actor);
    });

    public Task ResumeAsync() => AskAsync(async () =>
    {
        WorkflowActor? actor = await host.Workflows.TakeUpAsync(Id, CancellationToken.None);
        Keep();
        return actor is not null;
    });

    private async Task<EndedWorkflow?> WaitAsync(Func<CancellationToken, Task<WorkflowEnd>> ask, TimeSpan wait)
    {
        using CancellationTokenSource waiting = new();
        Task<WorkflowEnd> end = ask(waiting.Token);
        // A workflow that ends at once needs no timer.
        await ((Task)end).WaitAsync(wait, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        // Now, and not at first: it may have been away then. While a call lasts no place is collected.
        Keep();
        if (!end.IsCompleted)
        {
            // Nobody waits here any more: the workflow may leave memory.
            await waiting.CancelAsync();
            return null;
        }

        try
        {
            (Result result, CancellationCause? cause) = await end;
            string? failure = result.Failure is { } whole ? FailureText.Write(host.MessageLimit.Bound(whole)) : null;
            return new EndedWorkflow(result.Kind, result.Value is { } value ? host.MessageLimit.Page(value, 0) : null, failure, cause, Stuck: null, result.Value?.Length ?? 0);
        }
        catch (WorkflowStuckException stuck)
        {
            return new EndedWorkflow(OutcomeKind.Cancelled, null, null, null, stuck, 0);
        }
    }

    /// <summary>Off the grain's turn: the fold of a long journal takes its time.</summary>
    private Task<string?> WriteDescriptionAsync() => StoreAway.AskAsync(host.Context, () => Task.Run(async () =>
        await host.Workflows.DescribeAsync(Id, CancellationToken.None) is { } description ? JsonSerializer.Serialize(description, WireJson.Options) : null));

    private async Task<bool> InputAsync(Input input)
    {
        bool hadEffect = await host.Workflows.AskAsync(Id, input, CancellationToken.None);
        Keep();
        return hadEffect;
    }

    private async Task<JournalPage> ReadPageAsync(long fromSequence, WorkflowActor? actor)
    {
        List<byte[]> commits = [];
        long first = fromSequence;
        int size = 0;
        int most = Math.Min(MaxPageBytes, host.MessageLimit.MaxValueBytes);
        await foreach (JournalCommit commit in host.Context.Journal.ReadAsync(Id, fromSequence))
        {
            if (commits.Count > 0 && size + commit.Body.Length > most) break;
            if (commit.Body.Length > host.MessageLimit.MaxValueBytes) return PartOf(commit, fromSequence, actor);
            if (commits.Count == 0) first = commit.FirstSequence;
            commits.Add(commit.Body.ToArray());
            size += commit.Body.Length;
        }

        return new JournalPage(first, commits, actor?.StuckReason);
    }

    /// <summary>Of a commit that no message can carry: as many of its entries, from the one that is asked for, as it can; a page may begin and end anywhere.</summary>
    private JournalPage PartOf(JournalCommit commit, long fromSequence, WorkflowActor? actor)
    {
        IReadOnlyList<JournalEntry> entries = EntryCodec.Decode(commit.Body.Span);
        int skipped = (int)Math.Max(0, fromSequence - commit.FirstSequence);
        for (int count = entries.Count - skipped; ; count /= 2)
        {
            JournalEntry[] part = count > 1 ? [.. entries.Skip(skipped).Take(count)] : [Bound(entries[skipped], commit.FirstSequence + skipped)];
            byte[] body = EntryCodec.Encode(part);
            if (count <= 1 || body.Length <= host.MessageLimit.MaxValueBytes) return new JournalPage(commit.FirstSequence + skipped, [body], actor?.StuckReason);
        }
    }

    /// <summary>The journal has failures whole; those who watch are told as much as whoever waits. Inputs nobody reads from here.</summary>
    /// <exception cref="PayloadTooLargeException">It is something else that is too large, such as the values of a map's part.</exception>
    private JournalEntry Bound(JournalEntry entry, long sequence)
    {
        entry = entry switch
        {
            EndScope { Parts: null } end => end with { Result = Bound(end.Result) },
            ChildEnded ended => ended with { Result = Bound(ended.Result) },
            StartChild start => start with { Input = null },
            _ => entry,
        };
        int size = EntryCodec.Encode([entry]).Length;
        // A child's failure that just fits has a little more around it here.
        int most = host.MessageLimit.MaxMessageBytes / 8 * 7;
        return size <= most
            ? entry
            : throw new PayloadTooLargeException($"Entry {sequence} of the journal of workflow '{Id}' is {size} bytes; a message of this cluster can carry {most}. Raise SiloMessagingOptions.MaxMessageBodySize.");
    }

    private Result Bound(Result result) => result.Failure is { } failure ? result with { Failure = host.MessageLimit.Bound(failure) } : result;

    /// <summary>Stays activated while the workflow runs here: were the place collected, the next call might find another one.</summary>
    private void Keep()
    {
        if (host.Workflows.Find(Id) is not { } actor || actor == _kept) return;
        _kept = actor;
        DelayDeactivation(Timeout.InfiniteTimeSpan);
        host.Context.Observe(LetGoAfterAsync(actor));
    }

    private async Task LetGoAfterAsync(WorkflowActor actor)
    {
        await actor.WhenLetGo;
        if (actor != _kept) return;
        _kept = null;
        // No delay any more: idle from now on, it is collected in its time. Of a silo that stops it makes way at once.
        DelayDeactivation(TimeSpan.Zero);
        if (host.Context.Stopping.IsCancellationRequested) DeactivateOnIdle();
    }

    /// <summary>Where another host has taken the workflow, this is not its place any more.</summary>
    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            host.Context.Stopping.ThrowIfCancellationRequested();
            return await StoreAway.AskAsync(host.Context, ask);
        }
        catch (OwnerLostException lost)
        {
            DeactivateOnIdle();
            throw new WorkflowMovedException(lost.Message);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException && host.Context.Stopping.IsCancellationRequested)
        {
            DeactivateOnIdle();
            throw new WorkflowMovedException($"The silo of workflow '{Id}' stops.");
        }
    }
}
