using System.Collections.Concurrent;

namespace Sheaf.Hosting;

/// <summary>
/// Runs items on the thread pool, many to a thread, in the order of arrival. While one blocks its thread, another thread goes
/// on with the rest: that costs less than a task an item, and stalls nobody.
/// </summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <param name="run">Runs one.</param>
/// <param name="probe">Who looks on; null for nobody.</param>
/// <param name="itemsPerVisit">After so many a thread goes back to the pool, which has other things to do.</param>
/// <remarks>Thread-safe. What an item throws is a bug of the caller's, and ends the process as any pool thread's does.</remarks>
internal sealed class WorkQueue<T>(Action<T> run, IHostProbe? probe = null, int itemsPerVisit = 128) : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<T> _items = new();

    // 1 while a visit is on its way through the pool's queue. Invariant: where items wait, a visit is on its way or running.
    private int _isComing;

    public void Add(T item)
    {
        probe?.Enter();
        _items.Enqueue(item);
        Come();
    }

    void IThreadPoolWorkItem.Execute()
    {
        Interlocked.Exchange(ref _isComing, 0);
        for (int i = 0; i < itemsPerVisit && _items.TryDequeue(out T? item); i++)
        {
            // Before the item: it may block, and the rest must not wait for it.
            if (!_items.IsEmpty) Come();
            run(item);
            probe?.Leave();
        }

        if (!_items.IsEmpty) Come();
    }

    private void Come()
    {
        // Without the caller's execution context: what runs here belongs to nobody who happened to start it.
        if (Interlocked.CompareExchange(ref _isComing, 1, 0) == 0) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
