using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sheaf.Engine;
using Sheaf.Grains;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Links;

/// <summary>A silo's side of the links, without a cluster: owners are the test. Its clock tells the test when it is asked.</summary>
internal sealed class Site : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ServiceProvider _services;
    private readonly CancellationTokenSource _bound = new(Patience, TimeProvider.System);
    private readonly AskedTime _time = new();

    public Site(TimeSpan lease)
    {
        ServiceCollection services = new();
        SheafBuilder builder = services.AddSheaf(sheaf => sheaf.AddWorker<Sleeper>());
        _services = services.AddSingleton(Bed).BuildServiceProvider();
        Host = new HostContext(_services, builder.Registry, builder.Options, new MemoryJournal(), _time, NullLogger.Instance, "site") { SiloName = "site" };
        Silo = new SiteHost(Host, lease, owner => new OutcomeLink(Host, owner, _ => Task.FromResult(OutcomeAnswer.Committed)), (_, _) => false, (_, _, _) => Task.FromResult(false), (_, _) => { });
    }

    public HostContext Host { get; }

    public SiteHost Silo { get; }

    public Bed Bed { get; } = new();

    public static SiteItem Deliver(long epoch, int delivery = 1) => new("w-1", epoch, new Deliver(new DispatchWorker(new ChildId(1, 0), 1, delivery, "c0", "sleeper", null, null, null)));

    /// <summary>Does something the next time that the clock is asked: within what asks.</summary>
    public void AtNextTime(Action act) => _time.Next = act;

    public async Task GuardAsync(Task task) => await task.WaitAsync(_bound.Token);

    public async ValueTask DisposeAsync()
    {
        Bed.Morning.TrySetResult();
        Silo.Leave(new CancellationCause(CancellationCauseKind.ParentCancelled, "the test ends", null, DateTimeOffset.UnixEpoch), handsBack: true);
        await Host.StopAsync(_bound.Token);
        await Host.DisposeAsync();
        await _services.DisposeAsync();
        _bound.Dispose();
    }

    private sealed class AskedTime : TimeProvider
    {
        private Action? _next;

        public Action? Next
        {
            set => _next = value;
        }

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Exchange(ref _next, null)?.Invoke();
            return DateTimeOffset.UnixEpoch;
        }
    }
}

/// <summary>Where a test meets its sleepers.</summary>
internal sealed class Bed
{
    /// <summary>Completes when a sleeper sleeps: what begins it asks the clock before that.</summary>
    public TaskCompletionSource Asleep { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a sleeper's token is signalled.</summary>
    public TaskCompletionSource Signalled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Until then they sleep on, signalled or not.</summary>
    public TaskCompletionSource Morning { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Waits for its token, and for the morning.</summary>
[Worker("sleeper")]
internal sealed class Sleeper(Bed bed) : Worker<int, int>
{
    public override async Task<int> RunAsync(int input, WorkerContext context, CancellationToken cancellationToken)
    {
        bed.Asleep.TrySetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        bed.Signalled.TrySetResult();
        await bed.Morning.Task;
        return input;
    }
}
