namespace Sheaf;

/// <summary>
/// Permits shared by any number of groups in one process: at most so many of their leaf children run at once (rule R11).
/// </summary>
/// <remarks>
/// <para>
/// A leaf takes a permit for each attempt and gives it back while it waits to be tried again. Nested groups take none,
/// so a group and its nested groups can share a limiter without waiting for each other. That holds for
/// <c>group.GroupAsync</c>: a child that calls <c>TaskGroup.RunAsync</c> itself is a leaf to its own group and keeps its
/// permit meanwhile, so the inner group must not need the same limiter.
/// </para>
/// <para>Permits are given in the order of asking. Thread-safe; nothing to dispose of.</para>
/// </remarks>
public sealed class CapacityLimiter
{
    // SemaphoreSlim.WaitAsync queues its waiters first in, first out, and needs no disposal while AvailableWaitHandle is unused.
    private readonly SemaphoreSlim _permits;

    /// <summary>Creates a limiter.</summary>
    /// <param name="capacity">How many children may run at once; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than 1.</exception>
    public CapacityLimiter(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
        _permits = new SemaphoreSlim(capacity, capacity);
    }

    /// <summary>How many children may run at once.</summary>
    public int Capacity { get; }

    /// <summary>How many permits are taken at this moment.</summary>
    public int InUse => Capacity - _permits.CurrentCount;

    internal Task AcquireAsync(CancellationToken cancellationToken) => _permits.WaitAsync(cancellationToken);

    internal void Release() => _permits.Release();
}
