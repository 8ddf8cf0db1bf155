using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>The running timers of one workflow.</summary>
internal sealed class WorkflowTimers(TimeProvider time, Action<TimerDue> post) : IDisposable
{
    private readonly Dictionary<TimerKey, GroupTimer> _timers = [];

    public void Start(StartTimer request)
    {
        Stop(request.Key);
        TimeSpan dueIn = request.DueAt - time.GetUtcNow();
        TimerDue due = new(request.Key, request.Attempt);
        if (dueIn <= TimeSpan.Zero) post(due);
        else _timers[request.Key] = GroupTimer.Start(time, dueIn, () => post(due))!;
    }

    public void Stop(TimerKey key)
    {
        if (_timers.Remove(key, out GroupTimer? timer)) timer.Dispose();
    }

    /// <summary>A timer that has run out is nothing to stop any more.</summary>
    public void OnDue(TimerKey key) => _timers.Remove(key);

    public void Dispose() => Clear();

    public void Clear()
    {
        foreach (GroupTimer timer in _timers.Values) timer.Dispose();
        _timers.Clear();
    }
}
