using Sheaf.Engine;

namespace Sheaf.Hosting;

/// <summary>The running timers of one workflow.</summary>
internal sealed class WorkflowTimers(TimeProvider time, Action<TimerDue, int> post) : IDisposable
{
    private readonly Dictionary<TimerKey, (StartTimer Request, GroupTimer Timer)> _timers = [];

    /// <summary>Which of the workflow's runs the timers are of: a timer of an earlier one that is on its way means nothing to this.</summary>
    public int Run { get; set; }

    /// <summary>When the first of them runs out; null where none runs.</summary>
    public DateTimeOffset? Next => _timers.Count > 0 ? _timers.Values.Min(timer => timer.Request.DueAt) : null;

    public void Start(StartTimer request)
    {
        Stop(request.Key);
        TimeSpan dueIn = request.DueAt - time.GetUtcNow();
        TimerDue due = new(request.Key, request.Attempt);
        int run = Run;
        if (dueIn <= TimeSpan.Zero) post(due, run);
        else _timers[request.Key] = (request, GroupTimer.Start(time, dueIn, () => post(due, run))!);
    }

    public void Stop(TimerKey key)
    {
        if (_timers.Remove(key, out (StartTimer, GroupTimer Timer) there)) there.Timer.Dispose();
    }

    /// <summary>The clock has jumped: what was to come in a day may be due.</summary>
    public void Restart()
    {
        foreach (StartTimer request in _timers.Values.Select(timer => timer.Request).ToArray()) Start(request);
    }

    /// <summary>A timer that has run out is nothing to stop any more.</summary>
    public void OnDue(TimerKey key) => _timers.Remove(key);

    public void Dispose() => Clear();

    public void Clear()
    {
        foreach ((_, GroupTimer timer) in _timers.Values) timer.Dispose();
        _timers.Clear();
    }
}
