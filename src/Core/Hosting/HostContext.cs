using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Hosting;

/// <summary>What all parts of one host work with: its code, its journal, its clock, and its end.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class HostContext : IAsyncDisposable
{
    /// <summary>So many journals are read at once: of workflows that are all due at midnight, or were all a lost silo's, the store is not asked for all together.</summary>
    public const int MaxReadings = 64;

    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _readings = new(MaxReadings);
    private readonly ConcurrentDictionary<Type, CodeMaker> _makers = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private long _lateEnds;

    // Actors and leaves that run, and one for the host itself, until it stops.
    private int _busy = 1;
    private int _stopped;

    public HostContext(IServiceProvider services, CodeRegistry registry, SheafOptions options, IJournal journal, TimeProvider time, ILogger logger, string ownerName, IHostProbe? probe = null)
    {
        Services = services;
        Registry = registry;
        Options = options;
        Journal = journal;
        Time = time;
        Logger = logger;
        OwnerName = ownerName;
        Probe = probe;
        // A clock that a harness moves would have to be moved for this too.
        CommitRetryDelay = probe is null ? TimeSpan.FromMilliseconds(100) : TimeSpan.Zero;
        Readings = new Outage(time);
        Commits = new Outage(time);
        Questions = new Outage(time);
        Stopping = _stopping.Token;
        Payloads = new Payloads(options.SerializerOptions, options.MaxPayloadBytes, options.FailureTypes);
        Writer = new JournalWriter(journal, time, logger);
        Leaves = new WorkQueue<Leaf>(leaf => leaf.Execute(), probe);
        // All of them before anything else: what the signalled do then would hold up those that come after (C2).
        Signals = new WorkQueue<Leaf>(leaf => leaf.Signal(), probe, itemsPerVisit: int.MaxValue);
        Items = new WorkQueue<MapItem>(item => item.Begin(), probe);
    }

    /// <summary>What the host calls itself in the journal: no other running host has the name.</summary>
    public string OwnerName { get; }

    /// <summary>What outcomes and descriptions call the place; null on the embedded host, which is the only one.</summary>
    public string? SiloName { get; init; }

    public IServiceProvider Services { get; }

    public CodeRegistry Registry { get; }

    public SheafOptions Options { get; }

    public IJournal Journal { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public Payloads Payloads { get; }

    public JournalWriter Writer { get; }

    /// <summary>Leaves that are about to run.</summary>
    public WorkQueue<Leaf> Leaves { get; }

    /// <summary>Leaves whose tokens are about to be signalled: several threads, so that a callback that blocks stalls nobody (C2).</summary>
    public WorkQueue<Leaf> Signals { get; }

    /// <summary>Inputs of maps that are about to run.</summary>
    public WorkQueue<MapItem> Items { get; }

    /// <summary>Signalled when the host stops. Deliveries that run then are lost, not cancelled.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Whether the host stops in order: there is time to say goodbye. Meaningful once it stops.</summary>
    public bool StopsInOrder { get; private set; }

    /// <summary>How long to wait before a journal that failed is asked again, at first: see <see cref="Outage.DelayAfter"/>.</summary>
    public TimeSpan CommitRetryDelay { get; }

    /// <summary>Readings of the journal that fail.</summary>
    public Outage Readings { get; }

    /// <summary>Commits that fail.</summary>
    public Outage Commits { get; }

    /// <summary>Questions of others, callers and children, that fail.</summary>
    public Outage Questions { get; }

    /// <summary>Where workflows run that are children of others; set by the host when it is made.</summary>
    public INestedWorkflows Nested { get; set; } = null!;

    /// <summary>A test harness that looks on; null in production.</summary>
    public IHostProbe? Probe { get; }

    /// <summary>How many actors and leaves run.</summary>
    public int Busy => Math.Max(0, Volatile.Read(ref _busy) - (_stopping.IsCancellationRequested ? 0 : 1));

    /// <summary>How many deliveries ended when nobody waited for them any more: fenced, and of no effect (D2, R9).</summary>
    public long LateEnds => Interlocked.Read(ref _lateEnds);

    /// <summary>Counts a delivery that ended late.</summary>
    public void OnLate(WorkflowId workflow, LeafEnded ended)
    {
        Interlocked.Increment(ref _lateEnds);
        HostLog.EndedLate(Logger, workflow.Value, ended.Child, ended.Delivery, ended.Result.Kind);
    }

    /// <summary>Something begins that stopping has to wait for.</summary>
    public void Enter() => Interlocked.Increment(ref _busy);

    public void Leave()
    {
        if (Interlocked.Decrement(ref _busy) == 0) _idle.TrySetResult();
    }

    /// <summary>Keeps a task in view, so that stopping waits for it and its failure is seen.</summary>
    public void Track(Task task)
    {
        Enter();
        Observe(task, Leave);
    }

    /// <summary>Runs something on the pool and keeps it in view. Without the caller's execution context, whose ambient values are not for it.</summary>
    public void Run(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            Track(Task.Run(work));
            return;
        }

        using (ExecutionContext.SuppressFlow()) Track(Task.Run(work));
    }

    /// <summary>Sees to it that a task's failure is seen. Stopping does not wait for it.</summary>
    public void Observe(Task task, Action? onEnded = null) => task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() =>
    {
        if (task.Exception is { } error) HostLog.TaskFailed(Logger, error);
        onEnded?.Invoke();
    });

    /// <summary>Asks the journal, however long it is away: a workflow can do nothing else meanwhile, and loses nothing by it.</summary>
    /// <param name="workflow">The workflow, for the log.</param>
    /// <param name="ask">What is asked, again and again.</param>
    /// <param name="isAnswer">Which exceptions are answers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<T> PersistAsync<T>(WorkflowId workflow, Func<Task<T>> ask, Func<Exception, bool> isAnswer, CancellationToken cancellationToken)
    {
        for (int failures = 1; ; failures++)
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (Exception error) when (!isAnswer(error) && !cancellationToken.IsCancellationRequested)
            {
                if (Readings.Speaks(out int heldBack)) HostLog.JournalUnreadable(Logger, workflow.Value, heldBack, error);
            }

            await Task.Delay(Outage.DelayAfter(failures, CommitRetryDelay), Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads the entries of a workflow's last run, in its turn among others.</summary>
    public async Task<(long First, List<JournalEntry> Entries)> ReadRunAsync(WorkflowId workflow)
    {
        await _readings.WaitAsync(Stopping).ConfigureAwait(false);
        try
        {
            return await JournalReading.ReadRunAsync(Journal, workflow, Stopping).ConfigureAwait(false);
        }
        finally
        {
            _readings.Release();
        }
    }

    /// <summary>Makes objects of a class of the user's.</summary>
    public CodeMaker MakerOf(Type type) => _makers.GetOrAdd(type, static type => new CodeMaker(type));

    /// <summary>Signals <see cref="Stopping"/>, then waits until nothing runs any more, or the token ends the waiting. A token that is signalled already means the end: no goodbyes.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            StopsInOrder = !cancellationToken.IsCancellationRequested;
            // Whom the signal wakes enters for himself before it is through.
            Probe?.Enter();
            await _stopping.CancelAsync().ConfigureAwait(false);
            Probe?.Leave();
            Leave();
        }

        await _idle.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Writes what is left to write. To be called after <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }
}
