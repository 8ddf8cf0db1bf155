using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Embedded;

/// <summary>Runs workflows and workers in this process.</summary>
/// <remarks>Starts with the application's host or with the first call of the client, whichever is first. Thread-safe.</remarks>
internal sealed class EmbeddedHost : IHostedService, IAsyncDisposable, IDisposable
{
    /// <summary>So many workflows are claimed at once when the host starts.</summary>
    private const int ClaimPage = 500;

    // Hosts of this process so far: two on one journal must not take each other's workflows for their own.
    private static int _hosts;

    private readonly Lock _gate = new();

    // Guarded by _gate: the first resume, or the one under way after it failed.
    private Task? _resumed;
    private int _disposed;

    public EmbeddedHost(IServiceProvider services, SheafBuilder builder, IJournal journal, TimeProvider time, ILoggerFactory? loggers = null, IHostProbe? probe = null)
    {
        string owner = $"embedded:{Environment.MachineName}:{Environment.ProcessId}:{Interlocked.Increment(ref _hosts)}";
        Context = new HostContext(services, builder.Registry, builder.Options, journal, builder.Time ?? time, (loggers ?? NullLoggerFactory.Instance).CreateLogger("Sheaf.Embedded"), owner, probe);
        Workflows = new WorkflowOwner(Context, (header, post) => new LocalChildren(header.Id, Context, post), takesOver: false);
        Context.Nested = new EmbeddedNestedWorkflows(Workflows);
    }

    /// <summary>How long disposal waits for workers that ignore their tokens; as long as the generic host's default.</summary>
    public static TimeSpan ShutdownTimeout { get; } = TimeSpan.FromSeconds(30);

    public HostContext Context { get; }

    public WorkflowOwner Workflows { get; }

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
    public Task StopAsync(CancellationToken cancellationToken) => Context.StopAsync(cancellationToken);

    /// <summary>As <see cref="DisposeAsync"/>, for containers that are disposed of without await. Blocks for that long.</summary>
    public void Dispose() => Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        using CancellationTokenSource bound = new(ShutdownTimeout, TimeProvider.System);
        await StopAsync(bound.Token).ConfigureAwait(false);
        if (Context.Busy is > 0 and int left) HostLog.StillRunning(Context.Logger, left, ShutdownTimeout);
        await Context.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Claims all that has not ended, also another process's: the embedded host is the only one on its journal. First what it has already: by
    /// an earlier try whose answer was lost, or since an earlier process was called the same, as in a container that was started again.
    /// </summary>
    private async Task ResumeAsync()
    {
        await TakeUpAsync(await Workflows.FindUnrunAsync(DateTimeOffset.MaxValue, Context.Stopping).ConfigureAwait(false)).ConfigureAwait(false);
        while (true)
        {
            IReadOnlyList<WorkflowHeader> claimed = await Context.Journal.ClaimAbandonedAsync([Context.OwnerName], Context.OwnerName, ClaimPage, Context.Stopping).ConfigureAwait(false);
            await TakeUpAsync(claimed).ConfigureAwait(false);
            if (claimed.Count < ClaimPage) return;
        }
    }

    private async Task TakeUpAsync(IReadOnlyList<WorkflowHeader> owned)
    {
        foreach (WorkflowHeader header in owned)
        {
            if (!Workflows.TryLeaveAway(header)) await Workflows.OwnAsync(header, Context.Stopping).ConfigureAwait(false);
        }
    }
}
