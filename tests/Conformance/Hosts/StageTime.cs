using Microsoft.Extensions.Time.Testing;

namespace Sheaf.Conformance;

/// <summary>Fake time that tells when somebody has begun to wait on it, so that no test advances it too early.</summary>
public sealed class StageTime : FakeTimeProvider
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TimeSpan, int> _made = [];
    private readonly List<(TimeSpan DueIn, int Count, TaskCompletionSource Reached)> _waiting = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        lock (_gate)
        {
            int made = _made[dueTime] = _made.GetValueOrDefault(dueTime) + 1;
            foreach ((TimeSpan dueIn, int count, TaskCompletionSource reached) in _waiting)
            {
                if (dueIn == dueTime && made >= count) reached.TrySetResult();
            }
        }

        return timer;
    }

    /// <summary>Completes once so many timers have been started that are due in exactly this time.</summary>
    public Task TimerStarted(TimeSpan dueIn, int count = 1)
    {
        lock (_gate)
        {
            if (_made.GetValueOrDefault(dueIn) >= count) return Task.CompletedTask;
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((dueIn, count, reached));
            return reached.Task;
        }
    }
}
