using Sheaf.Hosting;

namespace Sheaf.Testing;

/// <summary>Looks into one host: knows when it waits, and lets its deliveries begin one at a time.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class TestProbe(bool isSideBySide) : IHostProbe
{
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private readonly List<(RunningDelivery Delivery, bool IsEnd, TaskCompletionSource Released)> _held = [];
    private readonly List<RunningDelivery> _running = [];
    private readonly List<DeliverySeen> _seen = [];
    private bool _isDead;

    public Activity Activity { get; } = new();

    /// <summary>Runs before a delivery's work, with its number from 1; what it throws the delivery throws.</summary>
    public Func<int, Task> BeforeEffect { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs after a delivery's work, before its host hears of it.</summary>
    public Func<int, Task> AfterEffect { get; set; } = _ => Task.CompletedTask;

    /// <summary>The deliveries that have begun, in that order.</summary>
    public IReadOnlyList<DeliverySeen> Seen
    {
        get
        {
            lock (_gate) return [.. _seen];
        }
    }

    /// <summary>The deliveries that have not ended: at work, waiting, or held back.</summary>
    public IReadOnlyList<DeliverySeen> Running
    {
        get
        {
            lock (_gate) return [.. _running.Concat(_held.Where(held => !held.IsEnd).Select(held => held.Delivery)).Select(delivery => delivery.Seen)];
        }
    }

    public void Enter() => Activity.Enter();

    public void Leave() => Activity.Leave();

    public async Task<T> RunAsync<T>(Leaf leaf, Func<Task<T>> work)
    {
        RunningDelivery delivery = new(Activity, leaf);
        await HoldAsync(delivery, isEnd: false).ConfigureAwait(false);
        int number;
        lock (_gate)
        {
            _running.Add(delivery);
            _seen.Add(delivery.Seen);
            number = _seen.Count;
        }

        try
        {
            await BeforeEffect(number).ConfigureAwait(false);
            try
            {
                return await delivery.RunAsync(work).ConfigureAwait(false);
            }
            finally
            {
                await HoldAsync(delivery, isEnd: true).ConfigureAwait(false);
                await AfterEffect(number).ConfigureAwait(false);
            }
        }
        finally
        {
            lock (_gate) _running.Remove(delivery);
        }
    }

    /// <summary>Lets the first of those that are held back go on: ends before beginnings, so that each end is heard of alone.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryRelease()
    {
        TaskCompletionSource first;
        lock (_gate)
        {
            if (_held.Count == 0) return false;
            int index = _held.Index().MinBy(held => (!held.Item.IsEnd, held.Item.Delivery.Order)).Index;
            first = _held[index].Released;
            _held.RemoveAt(index);
        }

        Activity.Enter();
        first.SetResult();
        return true;
    }

    /// <summary>The host is gone: what is held back never goes on.</summary>
    public void Kill()
    {
        TaskCompletionSource[] held;
        lock (_gate)
        {
            _isDead = true;
            held = [.. _held.Select(one => one.Released)];
            _held.Clear();
        }

        foreach (TaskCompletionSource one in held)
        {
            Activity.Enter();
            one.SetException(new HostGoneException());
        }
    }

    private Task HoldAsync(RunningDelivery delivery, bool isEnd)
    {
        if (isSideBySide) return Task.CompletedTask;
        TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isDead) return Task.FromException(new HostGoneException());
            _held.Add((delivery, isEnd, released));
        }

        Activity.Leave();
        return released.Task;
    }
}
