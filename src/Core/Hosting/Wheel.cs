namespace Sheaf.Hosting;

/// <summary>
/// When a host has to look at its workflows by itself (D7): at those that have left memory and have something to do then, and at
/// those in memory that may have waited long enough to leave it.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="onTimer">Told when something may be due. Called on the timer's thread: it has to return at once, and may come for nothing.</param>
/// <remarks>Thread-safe. One timer for all, however many wait; an entry takes about 200 bytes.</remarks>
internal sealed class Wheel(TimeProvider time, Action onTimer) : IDisposable
{
    private static readonly TimeSpan ShortestTimer = TimeSpan.FromMilliseconds(1);

    private static readonly Comparer<(DateTimeOffset Due, WorkflowId Id)> ByTime = Comparer<(DateTimeOffset Due, WorkflowId Id)>.Create(
        (x, y) => x.Due.CompareTo(y.Due) is not 0 and var order ? order : string.CompareOrdinal(x.Id.Value, y.Id.Value));

    private readonly Lock _gate = new();

    // Guarded by _gate. Invariant: _due has those entries that have an instant, and the timer goes off at the first of them or before.
    private readonly Dictionary<WorkflowId, (DateTimeOffset Due, long Epoch)> _entries = [];
    private readonly SortedSet<(DateTimeOffset Due, WorkflowId Id)> _due = new(ByTime);
    private DateTimeOffset _armedFor = DateTimeOffset.MaxValue;
    private GroupTimer? _timer;
    private bool _isDisposed;

    public bool Contains(WorkflowId id) => EpochOf(id) is not null;

    /// <summary>The ownership under which a workflow is looked at; null where it is not entered.</summary>
    public long? EpochOf(WorkflowId id)
    {
        lock (_gate) return _entries.TryGetValue(id, out (DateTimeOffset, long Epoch) entry) ? entry.Epoch : null;
    }

    /// <summary>Enters a workflow, in place of what there was of it.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="epoch">The ownership under which it is looked at.</param>
    /// <param name="due">When; <see cref="DateTimeOffset.MaxValue"/> for never.</param>
    public void Set(WorkflowId id, long epoch, DateTimeOffset due)
    {
        lock (_gate) Set_NeedsLock(id, epoch, due);
    }

    /// <summary>
    /// As <see cref="Set"/>, unless there is something of it already, of this ownership or a later one: that knows better. Not so where it
    /// has no instant: it was due, and who has looked at it says that it is not yet.
    /// </summary>
    public void SetIfNews(WorkflowId id, long epoch, DateTimeOffset due)
    {
        lock (_gate)
        {
            bool isThere = _entries.TryGetValue(id, out (DateTimeOffset Due, long Epoch) there);
            if (!isThere || there.Epoch < epoch || there == (DateTimeOffset.MaxValue, epoch)) Set_NeedsLock(id, epoch, due);
        }
    }

    /// <summary>Gives one that was due another instant, if it is still there.</summary>
    public void Postpone(WorkflowId id, DateTimeOffset due)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(id, out (DateTimeOffset Due, long Epoch) there) && there.Due == DateTimeOffset.MaxValue) Set_NeedsLock(id, there.Epoch, due);
        }
    }

    /// <summary>Strikes a workflow out, unless what there is of it is of a later ownership.</summary>
    public void Remove(WorkflowId id, long upToEpoch = long.MaxValue)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(id, out (DateTimeOffset, long Epoch) entry) && entry.Epoch <= upToEpoch) Remove_NeedsLock(id);
        }
    }

    /// <summary>The clock has jumped: what was to come in a day may be due.</summary>
    public void Rearm()
    {
        lock (_gate)
        {
            _armedFor = DateTimeOffset.MaxValue;
            if (_due.Count > 0) Arm_NeedsLock(_due.Min.Due);
        }
    }

    /// <summary>Those that are due. They stay entered, without an instant: until somebody has looked at them it is known that they are there.</summary>
    public IReadOnlyList<WorkflowId> TakeDue()
    {
        List<WorkflowId> taken = [];
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            while (_due.Count > 0 && _due.Min is var first && first.Due <= now)
            {
                _due.Remove(first);
                _entries[first.Id] = (DateTimeOffset.MaxValue, _entries[first.Id].Epoch);
                taken.Add(first.Id);
            }

            _armedFor = DateTimeOffset.MaxValue;
            if (_due.Count > 0) Arm_NeedsLock(_due.Min.Due);
        }

        return taken;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _timer?.Dispose();
            _entries.Clear();
            _due.Clear();
        }
    }

    private void Set_NeedsLock(WorkflowId id, long epoch, DateTimeOffset due)
    {
        if (_isDisposed) return;
        Remove_NeedsLock(id);
        _entries[id] = (due, epoch);
        if (due == DateTimeOffset.MaxValue) return;
        _due.Add((due, id));
        Arm_NeedsLock(due);
    }

    private void Remove_NeedsLock(WorkflowId id)
    {
        // The timer may then go off for nothing: cheaper than to arm it anew for each workflow that ends.
        if (_entries.Remove(id, out (DateTimeOffset Due, long) entry)) _due.Remove((entry.Due, id));
    }

    private void Arm_NeedsLock(DateTimeOffset due)
    {
        if (_isDisposed || due >= _armedFor) return;
        _armedFor = due;
        _timer?.Dispose();
        TimeSpan dueIn = due - time.GetUtcNow();
        // The clock of timers and that of instants differ by less, and one that goes off a little too early comes again.
        _timer = GroupTimer.Start(time, dueIn > ShortestTimer ? dueIn : ShortestTimer, onTimer);
    }
}
