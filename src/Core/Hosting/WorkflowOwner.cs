using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Hosting;

/// <summary>The workflows that a host owns, each with its actor; and what clients ask of them.</summary>
/// <remarks>Thread-safe.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The wheel and the watch are disposed of when the host stops.")]
internal sealed partial class WorkflowOwner
{
    /// <summary>A turn takes microseconds. One of this length is looked for as often.</summary>
    private static readonly TimeSpan LongTurn = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<WorkflowId, WorkflowActor> _actors = new();
    private readonly Lock _making = new();
    private readonly HostContext _host;
    private readonly Func<WorkflowHeader, Action<Letter>, IChildRunner> _children;
    private readonly bool _takesOver;
    private readonly Wheel _wheel;
    private readonly ClockWatch _watch;
    private readonly ITimer _turns;

    /// <summary>Makes the owner.</summary>
    /// <param name="host">The host.</param>
    /// <param name="children">Makes what runs a workflow's leaves.</param>
    /// <param name="takesOver">
    /// Whether to claim a workflow that is asked for and belongs to somebody else. A cluster does: it asks where the workflow has
    /// its place. The embedded host claims at its start only.
    /// </param>
    public WorkflowOwner(HostContext host, Func<WorkflowHeader, Action<Letter>, IChildRunner> children, bool takesOver)
    {
        _host = host;
        _children = children;
        _takesOver = takesOver;
        _wheel = new Wheel(host.Time, OnWheel);
        _watch = new ClockWatch(host.Time, OnClockJump);
        host.Stopping.UnsafeRegister(static disposable => ((IDisposable)disposable!).Dispose(), _wheel);
        host.Stopping.UnsafeRegister(static disposable => ((IDisposable)disposable!).Dispose(), _watch);
        _turns = TimeProvider.System.CreateTimer(static owner => ((WorkflowOwner)owner!).LookAtTurns(LongTurn), this, LongTurn, LongTurn);
        host.Stopping.UnsafeRegister(static disposable => ((IDisposable)disposable!).Dispose(), _turns);
    }

    public HostContext Host => _host;

    /// <summary>Says which workflows have been in one turn for longer than that.</summary>
    public void LookAtTurns(TimeSpan longest)
    {
        foreach (WorkflowActor actor in _actors.Values) actor.LookAtTurn(longest);
    }

    /// <summary>Workflows that are stuck here.</summary>
    public IReadOnlyList<string> Stuck => [.. _actors.Where(pair => pair.Value.StuckReason is not null).Select(pair => pair.Key.Value)];

    /// <summary>Completes when the host has let go of all that it runs now.</summary>
    public Task WhenAllLetGo => Task.WhenAll(_actors.Values.Select(actor => actor.WhenLetGo));

    public WorkflowActor? Find(WorkflowId id) => _actors.GetValueOrDefault(id);

    /// <summary>Takes up a workflow that this host owns. An actor of an epoch before, which has not heard that it had lost it, goes first.</summary>
    public async Task<WorkflowActor> OwnAsync(WorkflowHeader header, CancellationToken cancellationToken)
    {
        while (true)
        {
            WorkflowActor actor = GetOrRun(header, isNew: false, new Begin())!;
            if (actor.Epoch >= header.Epoch) return actor;
            actor.Lose();
            await actor.WhenLetGo.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What this host owns by the journal's word and does not run: claimed by a call whose answer was lost. Nobody else looks for it.</summary>
    /// <param name="dueBy">What only waits for longer is not looked for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<WorkflowHeader>> FindUnrunAsync(DateTimeOffset dueBy, CancellationToken cancellationToken)
    {
        List<WorkflowHeader> unrun = [];
        foreach (OwnedWorkflow owned in await _host.Journal.FindOwnedAsync(_host.OwnerName, dueBy, cancellationToken).ConfigureAwait(false))
        {
            if (Runs(owned.Id, owned.Epoch)) continue;
            // Read again: most that do not run have ended since, or were let go of. One that is being created has its actor before its row.
            if (await _host.Journal.FindAsync(owned.Id, cancellationToken).ConfigureAwait(false) is not { Status: WorkflowStatus.Running } header) continue;
            if (header.Owner == _host.OwnerName && !Runs(header.Id, header.Epoch)) unrun.Add(header);
        }

        return unrun;
    }

    /// <summary>Another owner has claimed a workflow: what runs here of an epoch before is over.</summary>
    public void OnClaimed(WorkflowId id, long epoch)
    {
        if (Find(id) is { } actor && actor.Epoch < epoch) actor.Lose();
        else _wheel.Remove(id, epoch - 1);
    }

    /// <summary>Starts a workflow, unless its id is taken. Returns when it is there durably.</summary>
    /// <exception cref="InvalidOperationException">The id belongs to another workflow or input.</exception>
    public async Task<bool> StartAsync(string workflow, WorkflowId id, string input, Begin begin, CancellationToken cancellationToken) =>
        await StartAsync(await HeaderAsync(workflow, id, input, () => _host.Journal.FindAsync(id, cancellationToken)).ConfigureAwait(false), begin, cancellationToken).ConfigureAwait(false);

    /// <summary>Starts a workflow, unless its id is taken, and waits for its end.</summary>
    /// <exception cref="InvalidOperationException">The id belongs to another workflow or input.</exception>
    public async Task<WorkflowEnd> RunAsync(string workflow, WorkflowId id, string input, Begin begin, CancellationToken cancellationToken)
    {
        WorkflowHeader mine = await HeaderAsync(workflow, id, input, () => _host.Journal.FindAsync(id, cancellationToken)).ConfigureAwait(false);
        WorkflowActor? actor = GetOrRun(mine, isNew: true, begin);
        if (actor is not null && actor.Creates(mine) && actor.TryHold() is { } held)
        {
            try
            {
                // Of one's own actor, which may have ended and gone by then: its journal need not be read for that.
                using (held) return await actor.WhenEnded.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (GivenWayException)
            {
                // The id was taken: as for another call's actor.
            }
        }

        await StartAsync(mine, begin, cancellationToken).ConfigureAwait(false);
        return await EndAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The header of a workflow that this host is about to create, unless it is there. One that is there may be of a class that this host does not have: it is stuck then, and its starter waits.</summary>
    /// <exception cref="InvalidOperationException">It is not there, and no such workflow is registered.</exception>
    /// <param name="workflow">The name of its class.</param>
    /// <param name="id">Its id.</param>
    /// <param name="input">Its input.</param>
    /// <param name="find">Asks the journal for it.</param>
    public async ValueTask<WorkflowHeader> HeaderAsync(string workflow, WorkflowId id, string input, Func<Task<WorkflowHeader?>> find)
    {
        if (!_host.Registry.Workflows.Has(workflow) && await find().ConfigureAwait(false) is null)
            throw new InvalidOperationException(_host.Registry.Workflows.Missing(workflow));
        return new WorkflowHeader { Id = id, Workflow = workflow, Input = input, CreatedAt = _host.Time.GetUtcNow(), Owner = _host.OwnerName, Epoch = 1 };
    }

    /// <summary>Creates a workflow, unless its id is taken. Returns when it is there durably, with who has it and the actor that was asked.</summary>
    public async Task<(CreateResult Result, WorkflowActor Actor)> CreateAsync(WorkflowHeader header, Begin begin, CancellationToken cancellationToken)
    {
        WorkflowActor? actor;
        // Of one that is away it is known that it is there: it comes back, and no actor that would give way is in its place when it is due.
        while ((actor = GetOrRun(header, isNew: true, begin)) is null) await WakeHereAsync(header.Id).WaitAsync(cancellationToken).ConfigureAwait(false);
        return (await actor.WhenCreated.WaitAsync(cancellationToken).ConfigureAwait(false), actor);
    }

    /// <summary>Starting again is no mistake; starting another one is.</summary>
    /// <exception cref="InvalidOperationException">The id belongs to another workflow or input.</exception>
    public static void ThrowIfAnother(WorkflowHeader there, WorkflowHeader mine)
    {
        if ((there.Workflow, there.Input) == (mine.Workflow, mine.Input)) return;
        throw new InvalidOperationException(
            $"The workflow id '{mine.Id}' belongs to '{there.Workflow}'{(there.Workflow == mine.Workflow ? " with another input" : "")}, created at {there.CreatedAt:u}. Start this one under an id of its own.");
    }

    private async Task<bool> StartAsync(WorkflowHeader mine, Begin begin, CancellationToken cancellationToken)
    {
        (bool created, WorkflowHeader there) = (await CreateAsync(mine, begin, cancellationToken).ConfigureAwait(false)).Result;
        ThrowIfAnother(there, mine);
        // Another call's actor, or one that gave way to a workflow that nobody runs here yet.
        if (!created) await FindOrOwnAsync(mine.Id, cancellationToken).ConfigureAwait(false);
        return created && ReferenceEquals(there, mine);
    }

    /// <summary>The actor of a workflow that this host owns or may take; null for one that has ended or is another's.</summary>
    /// <exception cref="KeyNotFoundException">There is no such workflow.</exception>
    public async Task<WorkflowActor?> FindOrOwnAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        if (Find(id) is { } actor) return actor;
        return await TakeUpAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="FindOrOwnAsync"/>, by the journal's word: an actor that is here may have lost the workflow and not have heard of it.</summary>
    /// <exception cref="KeyNotFoundException">There is no such workflow.</exception>
    public async Task<WorkflowActor?> TakeUpAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        WorkflowHeader header = await _host.Journal.FindAsync(id, cancellationToken).ConfigureAwait(false)
            ?? throw new KeyNotFoundException($"There is no workflow '{id}'. Start it first, or look for it in the list.");
        if (header.Status != WorkflowStatus.Running || _host.Stopping.IsCancellationRequested) return null;
        if (header.Owner == _host.OwnerName) return await OwnAsync(header, cancellationToken).ConfigureAwait(false);
        if (!_takesOver) return null;
        return await _host.Journal.ClaimAsync(id, _host.OwnerName, cancellationToken).ConfigureAwait(false) is { } claimed
            ? await OwnAsync(claimed, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>Waits for a workflow's end.</summary>
    /// <exception cref="KeyNotFoundException">There is no such workflow.</exception>
    /// <exception cref="WorkflowStuckException">Its code cannot go on.</exception>
    /// <exception cref="OwnerLostException">It belongs to another host.</exception>
    public async Task<WorkflowEnd> EndAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        while (await HoldAsync(id, cancellationToken).ConfigureAwait(false) is { } hold)
        {
            using WorkflowActor.Hold held = hold;
            try
            {
                return await held.Actor.WhenEnded.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (GivenWayException)
            {
                // Whoever has the id, it is not this actor.
                await held.Actor.WhenLetGo.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        WorkflowState state = await JournalReading.FoldAsync(_host.Journal, id, cancellationToken).ConfigureAwait(false);
        return state.Result is { } result
            ? new WorkflowEnd(result, state.Root.Cause)
            : throw new OwnerLostException($"Workflow '{id}' has not ended, and this host does not run it. Ask its owner.");
    }

    /// <summary>Gives an input to a workflow, and returns when what came of it is durable.</summary>
    /// <returns>Whether anything did.</returns>
    public async Task<bool> AskAsync(WorkflowId id, Input input, CancellationToken cancellationToken)
    {
        WorkflowActor? actor;
        try
        {
            actor = await FindOrOwnAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyNotFoundException)
        {
            return false;
        }

        if (actor is null) return await WasDoneAsync(id, input, cancellationToken).ConfigureAwait(false);
        LetterAnswer answer = new();
        actor.Post(new Letter(input, answer));
        return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether a workflow that has ended did so by this: then a call is made again whose answer was lost.</summary>
    private async Task<bool> WasDoneAsync(WorkflowId id, Input input, CancellationToken cancellationToken) =>
        input is AskTerminate && (await JournalReading.FoldAsync(_host.Journal, id, cancellationToken).ConfigureAwait(false)).IsTerminated;

    public async Task<WorkflowDescription?> DescribeAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        if (await _host.Journal.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } header) return null;
        List<JournalEntry> entries = await JournalReading.ReadAllAsync(_host.Journal, id, cancellationToken).ConfigureAwait(false);
        WorkflowActor? actor = Find(id);
        return Descriptions.Of(header, entries, actor?.StuckReason, actor?.View);
    }

    public async IAsyncEnumerable<WorkflowEvent> WatchAsync(WorkflowId id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        EventView view = new(id);
        long next = 0;
        while (true)
        {
            // Asked for before the reading: a commit that falls between the two completes it.
            using WorkflowActor.Hold? held = await HoldAsync(id, cancellationToken).ConfigureAwait(false);
            WorkflowActor? actor = held?.Actor;
            Task? progress = actor?.WhenProgress;
            await foreach ((long sequence, JournalEntry entry) in JournalReading.ReadAsync(_host.Journal, id, next, cancellationToken).ConfigureAwait(false))
            {
                next = sequence + 1;
                foreach (WorkflowEvent @event in view.Add(sequence, entry)) yield return @event;
            }

            if (view.HasEnded) yield break;
            if (actor?.StuckReason is { } reason) throw new WorkflowStuckException(reason);
            if (progress is null) throw new OperationCanceledException($"The host stopped, or another one owns workflow '{id}' now: watch it there.");
            await progress.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async IAsyncEnumerable<WorkflowSummary> ListAsync(WorkflowStatus? status, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Stuck is a state of running workflows that only their host knows.
        WorkflowStatus? stored = status == WorkflowStatus.Stuck ? WorkflowStatus.Running : status;
        await foreach (WorkflowHeader header in _host.Journal.ListAsync(stored, cancellationToken).ConfigureAwait(false))
        {
            WorkflowStatus actual = Find(header.Id)?.StuckReason is null ? header.Status : WorkflowStatus.Stuck;
            if (status is null || actual == status) yield return new WorkflowSummary(header.Id, header.Workflow, actual, header.CreatedAt) { EndedAt = header.EndedAt };
        }
    }

    // One that has left memory is looked after by its instant, and by whoever asks for it. What is known of it from before another
    // owner had it says nothing of when that is.
    private bool Runs(WorkflowId id, long epoch) => Find(id)?.Epoch >= epoch || _wheel.EpochOf(id) >= epoch;

    /// <summary>The actor that is there, or one that is made and set going; null where a new workflow's id is that of one that is away.</summary>
    private WorkflowActor? GetOrRun(WorkflowHeader header, bool isNew, Begin begin)
    {
        WorkflowActor actor;
        // One is made, not two of which one is used: what runs its leaves makes itself known.
        lock (_making)
        {
            if (_actors.TryGetValue(header.Id, out WorkflowActor? there)) return there;
            if (isNew && _wheel.Contains(header.Id)) return null;
            _actors[header.Id] = actor = new WorkflowActor(this, header, isNew, begin, post => _children(header, post));
            _wheel.Remove(header.Id);
        }

        _host.Probe?.Enter();
        // Without the caller's context: its culture and its ambient values must not reach the workflow's code, which runs again elsewhere (D1).
        _host.Run(() => RunAsync(actor));
        return actor;
    }

    private async Task RunAsync(WorkflowActor actor)
    {
        try
        {
            await actor.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            LetGo(actor);
            _host.Probe?.Leave();
        }
    }
}
