using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Hosting;

/// <summary>How a workflow that only waits leaves memory (D7).</summary>
/// <remarks>
/// <para>States: busy ⇄ at rest → leaving → gone. At rest for <see cref="SheafOptions.IdleTimeout"/>, with nothing of it under way
/// and nobody who waits for it here, it marks its row in the journal with the instant of its next timer, and goes. The mark is true
/// of what is journaled, whatever comes later: the next append takes it back. So a crash before or after it, or an answer that is
/// lost, costs a loading at the most.</para>
/// <para>A letter that comes while it leaves is not lost: before the mailbox is closed it keeps the actor, afterwards the owner
/// hands it to the next one.</para>
/// </remarks>
internal sealed partial class WorkflowActor
{
    // Guarded by _gate. Invariant: once it has left nobody holds it.
    private int _holders;
    private bool _leavesWhenFree;
    private bool _hasLeft;

    // Guarded by _gate: letters for the next actor, in their order.
    private readonly List<Letter> _late = [];
    private bool _isForwarding;

    // Since when it rests, in ticks of UTC. Written by the loop, and by whoever lets go of it.
    private long _restsSince;

    // The loop's own: whether anything has come since it last began to rest, whether the wheel has it, and whether that has called.
    private bool _hasActed = true;
    private bool _isWatched;
    private bool _isRestDue;

    public WorkflowId Id => _header.Id;

    /// <summary>Whether it has left memory: it ran no further than to a wait.</summary>
    public bool HasLeft
    {
        get
        {
            lock (_gate) return _hasLeft;
        }
    }

    /// <summary>Of one that has left: when it has something to do by itself; <see cref="DateTimeOffset.MaxValue"/> for never.</summary>
    public DateTimeOffset WakesAt { get; private set; } = DateTimeOffset.MaxValue;

    /// <summary>Nothing of it is under way or owed, and something that is known will go on with it: an instant or a signal. Not so where it waits for something foreign.</summary>
    private bool OnlyWaits =>
        _kept.Count == 0 && !_isNew && _run is { Stuck: null, State: { HasStarted: true, HasEnded: false, ContinuesWith: null } state }
        && !state.RunningLeaves().Any() && (_timers.Next is not null || state.WaitsForSignal);

    /// <summary>Keeps it in memory while somebody waits for it.</summary>
    /// <returns>Null where it leaves or has left: the next one is to be asked, when this one has let go.</returns>
    public Hold? TryHold()
    {
        lock (_gate)
        {
            if (_hasLeft) return null;
            _holders++;
        }

        return new Hold(this);
    }

    /// <summary>Of one that has left, the letters that have come since the last call. Without any, the next one that comes calls the owner again.</summary>
    public IReadOnlyList<Letter> TakeLate()
    {
        lock (_gate)
        {
            Letter[] letters = [.. _late];
            _late.Clear();
            _isForwarding = letters.Length > 0;
            return letters;
        }
    }

    private void Release()
    {
        bool looks;
        lock (_gate)
        {
            _holders--;
            Volatile.Write(ref _restsSince, _host.Time.GetUtcNow().UtcTicks);
            looks = _holders == 0 && _leavesWhenFree;
            if (looks) _leavesWhenFree = false;
        }

        if (looks) Post(new Letter(new RestDue()));
    }

    /// <summary>Nothing is left to do: the wheel says when that has been so for long enough.</summary>
    private void BeginRest()
    {
        if (!_hasActed || _host.Options.IdleTimeout == Timeout.InfiniteTimeSpan) return;
        _hasActed = false;
        DateTimeOffset now = _host.Time.GetUtcNow();
        Volatile.Write(ref _restsSince, now.UtcTicks);
        if (_isWatched) return;
        _isWatched = true;
        _owner.Wheel.Set(Id, Epoch, Transitions.Later(now, _host.Options.IdleTimeout));
    }

    /// <summary>Leaves, if it has rested for long enough and may.</summary>
    /// <returns>Whether it has left: then the loop is over.</returns>
    private async Task<bool> TryLeaveAsync()
    {
        _isRestDue = false;
        DateTimeOffset due = Transitions.Later(new DateTimeOffset(Volatile.Read(ref _restsSince), TimeSpan.Zero), _host.Options.IdleTimeout);
        _isWatched = due > _host.Time.GetUtcNow();
        if (_isWatched)
        {
            _owner.Wheel.Set(Id, Epoch, due);
            return false;
        }

        // What does not only wait is looked at again after the next input: nothing else changes that.
        if (IsHeld() || !OnlyWaits || !await TryMarkAsync().ConfigureAwait(false)) return false;
        List<Letter> ended = [];
        bool forwards;
        lock (_gate)
        {
            _leavesWhenFree = _holders > 0;
            // Whoever came while the mark was written has come in time.
            if (_holders > 0 || !_mailbox.IsEmpty) return false;
            _hasLeft = true;
            _mailbox.Close();
            // Between the look and the closing more may have come; under the lock, so that what comes later stays behind it.
            while (_mailbox.TryRead(out Letter? letter))
            {
                if (letter.Input is LeafEnded) ended.Add(letter);
                else if (IsForNext(letter)) _late.Add(letter);
            }

            forwards = _isForwarding = _late.Count > 0;
        }

        // None of its leaves runs: whoever ran them need not keep anything of it until it comes back.
        _children.Close(0);
        foreach (Letter letter in ended) PostLate(letter);
        if (forwards) _owner.Forward(this);
        return true;
    }

    private bool IsHeld()
    {
        lock (_gate) return _leavesWhenFree = _holders > 0;
    }

    /// <summary>Writes to the journal when there will be something to do: until then nobody has to load the workflow.</summary>
    private async Task<bool> TryMarkAsync()
    {
        WakesAt = _timers.Next ?? DateTimeOffset.MaxValue;
        try
        {
            AppendResult answer = await _host.Writer.AppendAsync(new JournalCommit(Id, Epoch, _nextSequence, []) { WakesAt = WakesAt }).ConfigureAwait(false);
            return answer == AppendResult.Accepted ? true : throw OwnerLost();
        }
        catch (Exception error) when (error is not OwnerLostException)
        {
            // Written or not, it has no entries, and is true: nothing has to be read again. It stays, and tries later.
            if (_host.Stopping.IsCancellationRequested) return false;
            HostLog.NotMarked(_host.Logger, Id.Value, error);
            _isWatched = true;
            _owner.Wheel.Set(Id, Epoch, Transitions.Later(_host.Time.GetUtcNow(), _host.Options.IdleTimeout));
            return false;
        }
    }

    /// <summary>A letter to one that has left.</summary>
    private void PostLate(Letter letter)
    {
        if (letter.Input is LeafEnded ended)
        {
            // No leaf of it ran when it left: this end is journaled already, or nobody waited for it.
            _host.OnLate(Id, ended);
            letter.Done?.OnDone(false);
            return;
        }

        if (!IsForNext(letter)) return;
        lock (_gate)
        {
            _late.Add(letter);
            if (_isForwarding) return;
            _isForwarding = true;
        }

        _owner.Forward(this);
    }

    /// <summary>What an actor tells itself the next one finds out for itself.</summary>
    private static bool IsForNext(Letter letter) => letter.Input is not (TimerDue or RestDue or ClockJumped or StuckNoticed or LossNoticed);

    /// <summary>Somebody waits for the workflow, until this is disposed of.</summary>
    internal sealed class Hold(WorkflowActor actor) : IDisposable
    {
        private int _isOver;

        public WorkflowActor Actor => actor;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0) actor.Release();
        }
    }
}
