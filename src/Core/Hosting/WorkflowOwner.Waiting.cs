using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Hosting;

/// <content>Workflows that only wait, and have left memory (D7).</content>
internal sealed partial class WorkflowOwner
{
    /// <summary>So many workflows that are due at once are looked for in the journal at the same time.</summary>
    private const int MaxWaking = 16;

    private static readonly TimeSpan WakeRetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>How many workflows are in memory.</summary>
    public int InMemory => _actors.Count;

    /// <summary>How a workflow of this host is taken up whose time has come. A cluster has a place for it, where others look for it; else it is enough to own it.</summary>
    public Func<WorkflowHeader, Task>? TakesUp { get; set; }

    /// <summary>When the host looks at its workflows by itself.</summary>
    public Wheel Wheel => _wheel;

    /// <summary>What sees the clock jump.</summary>
    public ClockWatch Watch => _watch;

    /// <summary>Whether a workflow of this host only waits, and is not in memory.</summary>
    public bool IsAway(WorkflowId id) => _wheel.Contains(id) && !_actors.ContainsKey(id);

    /// <summary>Takes up a workflow that has just been claimed; or leaves it where it is, if it only waits and its time has not come.</summary>
    /// <returns>Whether it is left.</returns>
    public bool TryLeaveAway(WorkflowHeader header)
    {
        if (header.WakesAt is not { } wakesAt || wakesAt <= _host.Time.GetUtcNow() || _host.Options.IdleTimeout == Timeout.InfiniteTimeSpan) return false;
        lock (_making)
        {
            // Of an ownership before, or somebody has asked for it already.
            if (_actors.ContainsKey(header.Id)) return false;
            // It may have been here and left again since the header was read.
            _wheel.SetIfNews(header.Id, header.Epoch, wakesAt);
            return true;
        }
    }

    /// <summary>The actor of a workflow that is in memory, or has left it and is this host's. The journal is not asked for any other.</summary>
    public async Task<WorkflowActor?> FindOrWakeAsync(WorkflowId id)
    {
        if (Find(id) is { } actor) return actor;
        return IsAway(id) ? (await TakeUpOwnAsync(id).ConfigureAwait(false)).Actor : null;
    }

    /// <summary>As <see cref="FindOrOwnAsync"/>, and keeps the actor in memory until the hold is disposed of.</summary>
    /// <exception cref="KeyNotFoundException">There is no such workflow.</exception>
    public async Task<WorkflowActor.Hold?> HoldAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        while (await FindOrOwnAsync(id, cancellationToken).ConfigureAwait(false) is { } actor)
        {
            if (actor.TryHold() is { } hold) return hold;
            await actor.WhenLetGo.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    /// <summary>Hands letters that came to an actor when it had left to the next one, in their order.</summary>
    public void Forward(WorkflowActor left) => RunSeen(() => ForwardAsync(left));

    private async Task ForwardAsync(WorkflowActor left)
    {
        await left.WhenLetGo.ConfigureAwait(false);
        while (left.TakeLate() is { Count: > 0 } letters)
        {
            (WorkflowActor? next, Exception? refusal) = await TryTakeUpOwnAsync(left.Id).ConfigureAwait(false);
            foreach (Letter letter in letters)
            {
                if (next is not null) next.Post(letter);
                else if (refusal is not null) letter.Done?.OnRefused(refusal);
                else letter.Done?.OnDone(await WasDoneAsync(left.Id, letter.Input, _host.Stopping).ConfigureAwait(false));
            }
        }
    }

    private async Task<(WorkflowActor? Actor, Exception? Refusal)> TryTakeUpOwnAsync(WorkflowId id)
    {
        try
        {
            (WorkflowHeader? header, WorkflowActor? actor) = await TakeUpOwnAsync(id).ConfigureAwait(false);
            bool isAnothers = actor is null && header?.Status == WorkflowStatus.Running;
            return (actor, isAnothers ? new OwnerLostException($"Workflow '{id}' has another owner now: this host does nothing more for it.") : null);
        }
        catch (OperationCanceledException stopped)
        {
            return (null, stopped);
        }
    }

    /// <summary>Takes up a workflow if it is this host's by the journal's word, and does not claim it.</summary>
    private async Task<(WorkflowHeader? Header, WorkflowActor? Actor)> TakeUpOwnAsync(WorkflowId id)
    {
        WorkflowHeader? header = await FindAsync(id).ConfigureAwait(false);
        return (header, header is not null && IsOwn(header) ? await OwnAsync(header, _host.Stopping).ConfigureAwait(false) : null);
    }

    private void OnWheel()
    {
        if (!_host.Stopping.IsCancellationRequested) RunSeen(LookAtDueAsync);
    }

    private void OnClockJump()
    {
        HostLog.ClockJumped(_host.Logger);
        _wheel.Rearm();
        foreach (WorkflowActor actor in _actors.Values) actor.Post(new Letter(new ClockJumped()));
    }

    private async Task LookAtDueAsync()
    {
        List<WorkflowId> away = [];
        foreach (WorkflowId id in _wheel.TakeDue())
        {
            if (Find(id) is { } actor) actor.Post(new Letter(new RestDue()));
            else away.Add(id);
        }

        await Parallel.ForEachAsync(away, new ParallelOptions { MaxDegreeOfParallelism = MaxWaking, CancellationToken = _host.Stopping }, async (id, _) =>
        {
            try
            {
                await WakeAsync(id).ConfigureAwait(false);
            }
            catch (Exception error) when (!_host.Stopping.IsCancellationRequested)
            {
                // It must not be forgotten, nor those that are due with it.
                HostLog.NotWoken(_host.Logger, id.Value, error);
                _wheel.Postpone(id, _host.Time.GetUtcNow() + WakeRetryDelay);
            }
        }).ConfigureAwait(false);
    }

    private async Task WakeAsync(WorkflowId id)
    {
        long? epoch = _wheel.EpochOf(id);
        WorkflowHeader? header = await FindAsync(id).ConfigureAwait(false);
        if (header is null || !IsOwn(header)) ForgetAway(id, epoch);
        else if (TakesUp is { } takesUp) await takesUp(header).ConfigureAwait(false);
        else await OwnAsync(header, _host.Stopping).ConfigureAwait(false);
    }

    /// <summary>Takes up one that is away, or forgets it, if the journal has another word.</summary>
    private async Task WakeHereAsync(WorkflowId id)
    {
        long? epoch = _wheel.EpochOf(id);
        if ((await TakeUpOwnAsync(id).ConfigureAwait(false)).Actor is null) ForgetAway(id, epoch);
    }

    /// <summary>
    /// Another's by now, or ended there, it is nothing to this host; unless that has claimed it again since the journal was asked. The
    /// epoch in the journal does not tell: it may be that of another workflow, to which the id has gone.
    /// </summary>
    private void ForgetAway(WorkflowId id, long? epoch)
    {
        if (epoch is { } upTo) _wheel.Remove(id, upTo);
    }

    private bool IsOwn(WorkflowHeader header) => header.Status == WorkflowStatus.Running && header.Owner == _host.OwnerName;

    /// <summary>The journal's word, however long the store is away.</summary>
    private Task<WorkflowHeader?> FindAsync(WorkflowId id) => _host.PersistAsync(id, () => _host.Journal.FindAsync(id, _host.Stopping), _ => false, _host.Stopping);

    /// <summary>An actor's loop is over.</summary>
    private void LetGo(WorkflowActor actor)
    {
        if (actor.HasLeft)
        {
            // Invariant: what has left is on the wheel when it is not among the actors any more, and what is taken up again is off it.
            lock (_making)
            {
                _actors.TryRemove(actor.Id, out _);
                _wheel.Set(actor.Id, actor.Epoch, actor.WakesAt);
            }
        }
        else
        {
            // In this order: the next actor of the id may have an entry of its own.
            _wheel.Remove(actor.Id);
            _actors.TryRemove(actor.Id, out _);
        }

        actor.OnLetGo();
    }

    /// <summary>Runs something on the pool that who looks on takes for work.</summary>
    private void RunSeen(Func<Task> work)
    {
        _host.Probe?.Enter();
        _host.Run(async () =>
        {
            try
            {
                await work().ConfigureAwait(false);
            }
            finally
            {
                _host.Probe?.Leave();
            }
        });
    }
}
