using System.Collections.Concurrent;

namespace Sheaf.Cluster.Tests.Running;

/// <summary>One start of a worker, as the worker saw it.</summary>
public sealed record Started(string Workflow, int Number, string Silo, long Delivery, string Key);

/// <summary>Where a test and the workers of its cluster meet: gates that workers wait at, and what was seen of them.</summary>
/// <remarks>Thread-safe. Every wait is bounded in real time, and says where things stood when it gives up.</remarks>
public sealed class Field
{
    // Only against hanging. One lost call alone costs Orleans' response timeout of 30 s, after which it is made again.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ConcurrentQueue<Started> _started = new();
    private readonly ConcurrentQueue<Started> _signalled = new();
    private readonly ConcurrentQueue<Started> _ended = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _change = NewSource();

    /// <summary>Starts, in their order.</summary>
    public IReadOnlyList<Started> Starts => [.. _started];

    /// <summary>Workers that saw their tokens signalled.</summary>
    public IReadOnlyList<Started> Signals => [.. _signalled];

    /// <summary>Workers that ended, however.</summary>
    public IReadOnlyList<Started> Ends => [.. _ended];

    /// <summary>Whether code that gets stuck has been mended.</summary>
    public bool IsMended { get; set; }

    public int Running => _started.Count - _ended.Count;

    public void OnStarted(Started start) => Log(_started, start);

    public void OnSignalled(Started start) => Log(_signalled, start);

    public void OnEnded(Started start) => Log(_ended, start);

    /// <summary>Opens the gate of all workers that wait at it, or of one number.</summary>
    public void Open(string gate, int? number = null) => Source(Key(gate, number)).TrySetResult();

    /// <summary>Waits until the gate is open, for all or for this number.</summary>
    public Task PassAsync(string gate, int number, CancellationToken cancellationToken) =>
        Task.WhenAny(Source(Key(gate, null)).Task, Source(Key(gate, number)).Task).WaitAsync(cancellationToken);

    public Task<IReadOnlyList<Started>> StartedAsync(int count) => UntilAsync(() => _started.Count >= count, $"{count} starts", () => Starts);

    public Task<IReadOnlyList<Started>> StartedAsync(Predicate<Started> which, int count = 1) =>
        UntilAsync(() => _started.Count(start => which(start)) >= count, $"{count} such starts", () => [.. _started.Where(start => which(start))]);

    public Task<IReadOnlyList<Started>> SignalledAsync(int count) => UntilAsync(() => _signalled.Count >= count, $"{count} signals", () => Signals);

    public Task NoneRunsAsync() => UntilAsync(() => Running == 0, "no worker that runs", () => Starts);

    /// <summary>Waits for something that the test expects to come.</summary>
    public async Task<T> GuardAsync<T>(Task<T> task, string what)
    {
        await GuardAsync((Task)task, what);
        return await task;
    }

    public async Task GuardAsync(Task task, string what)
    {
        await ((Task)Task.WhenAny(task)).WaitAsync(Patience, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!task.IsCompleted) throw new TimeoutException($"Waited {Patience} for {what}. {_started.Count} started, {_signalled.Count} signalled, {_ended.Count} ended. Last starts: {string.Join("; ", _started.TakeLast(5))}");
        await task;
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static string Key(string gate, int? number) => number is { } one ? $"{gate}/{one}" : gate;

    private async Task<IReadOnlyList<Started>> UntilAsync(Func<bool> isSo, string what, Func<IReadOnlyList<Started>> answer)
    {
        await GuardAsync(WaitAsync(), what);
        return answer();

        async Task WaitAsync()
        {
            while (true)
            {
                Task change;
                lock (_gate) change = _change.Task;
                if (isSo()) return;
                await change;
            }
        }
    }

    private void Log(ConcurrentQueue<Started> log, Started start)
    {
        log.Enqueue(start);
        TaskCompletionSource change;
        lock (_gate)
        {
            change = _change;
            _change = NewSource();
        }

        change.TrySetResult();
    }

    private TaskCompletionSource Source(string gate) => _gates.GetOrAdd(gate, static _ => NewSource());
}
