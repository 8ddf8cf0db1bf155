namespace Sheaf;

/// <summary>The children of a local group in the order of their ends, for whoever reads along (R13).</summary>
/// <remarks>Thread-safe. Made when somebody first asks; those that had ended by then come first, by the time of their end.</remarks>
internal sealed class CompletionFeed
{
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private readonly List<ILocalChild> _ended = [];
    private readonly HashSet<ILocalChild> _before = new(ReferenceEqualityComparer.Instance);
    private TaskCompletionSource? _next;

    /// <summary>Publishes the feed, then takes up what has ended already: an end meanwhile waits, and is not taken twice.</summary>
    public void Begin(Action publish, Func<IEnumerable<ILocalChild>> endedBefore)
    {
        lock (_gate)
        {
            publish();
            foreach (ILocalChild child in endedBefore().OrderBy(child => child.Handle.UntypedOutcome.EndedAt))
            {
                _before.Add(child);
                _ended.Add(child);
            }
        }
    }

    public void Add(ILocalChild child)
    {
        TaskCompletionSource? next;
        lock (_gate)
        {
            if (_before.Remove(child)) return;
            _ended.Add(child);
            next = _next;
            _next = null;
        }

        next?.SetResult();
    }

    /// <summary>The child at a place, or when to look again.</summary>
    public (ILocalChild? Child, Task Next) At(int place)
    {
        lock (_gate)
        {
            if (place < _ended.Count) return (_ended[place], Task.CompletedTask);
            _next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (null, _next.Task);
        }
    }
}
