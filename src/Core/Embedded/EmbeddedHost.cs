using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Embedded;

/// <summary>Runs workflows and workers in this process.</summary>
/// <remarks>Starts with the application's host or with the first call of the client, whichever is first. Thread-safe.</remarks>
internal sealed class EmbeddedHost : IHostedService, IAsyncDisposable
{
    private readonly ConcurrentDictionary<WorkflowId, WorkflowActor> _actors = new();
    private readonly ConcurrentDictionary<Task, byte> _tracked = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();

    // Guarded by _gate: the first resume, or the one under way after it failed.
    private Task? _resumed;

    // Hosts of this process so far: two on one journal must not take each other's workflows for their own.
    private static int _hosts;
    private int _disposed;

    public EmbeddedHost(IServiceProvider services, CodeRegistry registry, SheafOptions options, IJournal journal, TimeProvider time, ILoggerFactory? loggers = null)
    {
        Services = services;
        Registry = registry;
        Options = options;
        Journal = journal;
        Time = time;
        Stopping = _stopping.Token;
        Logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("Sheaf.Embedded");
        Payloads = new Payloads(options.SerializerOptions, options.MaxPayloadBytes);
        Writer = new JournalWriter(journal);
        OwnerName = $"embedded:{Environment.MachineName}:{Environment.ProcessId}:{Interlocked.Increment(ref _hosts)}";
    }

    /// <summary>What this host calls itself in the journal: no other running host has the name.</summary>
    public string OwnerName { get; }

    public IServiceProvider Services { get; }

    public CodeRegistry Registry { get; }

    public SheafOptions Options { get; }

    public IJournal Journal { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public Payloads Payloads { get; }

    public JournalWriter Writer { get; }

    /// <summary>Signalled when the host stops. Deliveries that run then are lost, not cancelled.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>How long disposal waits for workers that ignore their tokens; as long as the generic host's default.</summary>
    public static TimeSpan ShutdownTimeout { get; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait before a journal that failed is asked again.</summary>
    public TimeSpan CommitRetryDelay { get; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Resumes what the journal has, once. If the journal fails, who waits is told, and the next call tries again.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_resumed is null or { IsFaulted: true }) _resumed = ResumeAsync();
            return _resumed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Stops: running workers see their tokens signalled, and what they do then is not journaled.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_stopping.IsCancellationRequested) await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_tracked.Keys).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        using CancellationTokenSource bound = new(ShutdownTimeout, TimeProvider.System);
        await StopAsync(bound.Token).ConfigureAwait(false);
        if (_tracked.Count is > 0 and int left) HostLog.StillRunning(Logger, left, ShutdownTimeout);
        await Writer.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Keeps a task in view, so that stopping waits for it.</summary>
    public void Track(Task task)
    {
        _tracked.TryAdd(task, 0);
        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() =>
        {
            _tracked.TryRemove(task, out _);
            if (task.Exception is { } error) HostLog.TaskFailed(Logger, error);
        });
    }

    public WorkflowActor? Find(WorkflowId id) => _actors.GetValueOrDefault(id);

    /// <summary>Takes up a workflow that this host owns.</summary>
    public void Own(WorkflowHeader header)
    {
        WorkflowActor actor = new(this, header);
        if (!_actors.TryAdd(header.Id, actor)) return;
        Track(RunAsync());

        async Task RunAsync()
        {
            await Task.Yield();
            try
            {
                await actor.RunAsync().ConfigureAwait(false);
            }
            finally
            {
                _actors.TryRemove(header.Id, out _);
                actor.OnLetGo();
            }
        }
    }

    private async Task ResumeAsync()
    {
        await foreach (WorkflowHeader header in Journal.ListAsync(WorkflowStatus.Running, Stopping).ConfigureAwait(false))
        {
            if (await Journal.ClaimAsync(header.Id, OwnerName, Stopping).ConfigureAwait(false) is { } claimed) Own(claimed);
        }
    }
}
