using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Time.Testing;

namespace Sheaf.Conformance;

/// <summary>
/// Where a test and the children of its plan meet: gates, events, and what was seen. Found by id, since what a durable host
/// runs has only its input. Works while host and test share a process.
/// </summary>
/// <remarks>Thread-safe. Every wait is bounded in real time, and says where things stood when it gives up.</remarks>
public sealed class Stage
{
    private static readonly ConcurrentDictionary<string, Stage> All = new();

    // Only against hanging. In a cluster one lost call alone costs Orleans' response timeout of 30 s, after which it is made again.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static int _count;

    private readonly Lock _gate = new();
    private readonly List<string> _events = [];
    private readonly Dictionary<string, int> _times = [];
    private readonly Dictionary<string, TaskCompletionSource> _reached = [];
    private readonly Dictionary<string, TaskCompletionSource> _gates = [];
    private readonly ConcurrentDictionary<string, int> _attempts = new();
    private int _running;
    private int _mostRunning;
    private bool _allOpen;

    public Stage()
    {
        Id = "stage-" + Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture);
        All[Id] = this;
    }

    public string Id { get; }

    /// <summary>A clock that is none of the host's: what code waits for on it is foreign to its workflow.</summary>
    public FakeTimeProvider Foreign { get; } = new();

    /// <summary>Children that run at this moment.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>The most that have run at one moment.</summary>
    public int MostRunning => Volatile.Read(ref _mostRunning);

    /// <summary>What the outermost group threw, where it was awaited; null if it returned.</summary>
    public Exception? Thrown { get; set; }

    /// <summary>The outcomes of each group, read after the outermost had ended.</summary>
    public ConcurrentDictionary<string, IReadOnlyList<Outcome>> Outcomes { get; } = new();

    /// <summary>The outcomes that bodies asked for.</summary>
    public ConcurrentDictionary<string, Outcome> Seen { get; } = new();

    /// <summary>The causes that cancelled children read.</summary>
    public ConcurrentDictionary<string, CancellationCause> Causes { get; } = new();

    /// <summary>The deliveries that workers of durable hosts saw, in their order.</summary>
    public ConcurrentQueue<DeliverySeen> Deliveries { get; } = new();

    public IReadOnlyList<string> Events
    {
        get
        {
            lock (_gate) return [.. _events];
        }
    }

    public static Stage Of(string id) => All[id];

    public int CountOf(string @event) => Events.Count(seen => seen == @event);

    public void Log(string @event)
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            _events.Add(@event);
            int times = _times[@event] = _times.GetValueOrDefault(@event) + 1;
            reached = Source(_reached, Key(@event, times));
        }

        reached.TrySetResult();
    }

    /// <summary>Waits until an event has been logged so often.</summary>
    public Task ReachedAsync(string @event, int times = 1)
    {
        Task reached;
        lock (_gate) reached = Source(_reached, Key(@event, times)).Task;
        return GuardAsync(reached, $"event '{@event}' to happen {times} time(s)");
    }

    public Task AtGate(string gate)
    {
        lock (_gate) return _allOpen ? Task.CompletedTask : Source(_gates, gate).Task;
    }

    public void Open(string gate)
    {
        TaskCompletionSource source;
        lock (_gate) source = Source(_gates, gate);
        source.TrySetResult();
    }

    /// <summary>Lets everybody go: for the end of a test, however it ended.</summary>
    public void OpenAll()
    {
        TaskCompletionSource[] closed;
        lock (_gate)
        {
            _allOpen = true;
            closed = [.. _gates.Values];
        }

        foreach (TaskCompletionSource gate in closed) gate.TrySetResult();
    }

    public int NextAttempt(string child) => _attempts.AddOrUpdate(child, 1, static (_, before) => before + 1);

    public void Enter(string child, int attempt)
    {
        Enter();
        Log($"{child}:started");
        if (attempt > 1) Log(string.Create(CultureInfo.InvariantCulture, $"{child}:started#{attempt}"));
    }

    public void Leave(string child)
    {
        Leave();
        Log($"{child}:ended");
    }

    /// <summary>One of many that nobody tells apart begins to run.</summary>
    public void Enter()
    {
        int now = Interlocked.Increment(ref _running);
        lock (_gate) _mostRunning = Math.Max(_mostRunning, now);
    }

    public void Leave() => Interlocked.Decrement(ref _running);

    public async Task GuardAsync(Task task, string what)
    {
        try
        {
            await task.WaitAsync(Patience);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw Stuck(what);
        }
    }

    public async Task<T> GuardAsync<T>(Task<T> task, string what)
    {
        await GuardAsync((Task)task, what);
        return await task;
    }

    private TimeoutException Stuck(string what)
    {
        IReadOnlyList<string> events = Events;
        return new TimeoutException(
            $"Waited {Patience} for {what}. Running: {Running}. Events ({events.Count}, the last 40): {string.Join(", ", events.TakeLast(40))}.");
    }

    private static string Key(string @event, int times) => string.Create(CultureInfo.InvariantCulture, $"{@event} x{times}");

    private static TaskCompletionSource Source(Dictionary<string, TaskCompletionSource> sources, string key)
    {
        if (!sources.TryGetValue(key, out TaskCompletionSource? source))
            sources[key] = source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return source;
    }
}

/// <summary>One delivery as a worker saw it.</summary>
public sealed record DeliverySeen(string Child, int Attempt, long FencingToken, string IdempotencyKey, DateTimeOffset? Deadline);
