using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sheaf.Engine;
using Sheaf.Grains;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Links;

/// <summary>An owner's side of the links, without a cluster: sites are delegates of the test's.</summary>
internal sealed class Owner : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ServiceProvider _services = new ServiceCollection().BuildServiceProvider();
    private readonly CancellationTokenSource _bound = new(Patience, TimeProvider.System);

    public Owner()
    {
        SheafBuilder builder = new ServiceCollection().AddSheaf(sheaf => sheaf);
        Host = new HostContext(_services, builder.Registry, builder.Options, new MemoryJournal(), TimeProvider.System, NullLogger.Instance, "owner");
    }

    public HostContext Host { get; }

    public SiteLinks Links { get; } = new("owner");

    /// <summary>A site that has worker "w".</summary>
    public SiteLink Add(string silo, Func<long, long, IReadOnlyList<SiteItem>, Task<SiteAnswer>> deliver)
    {
        SiteLink link = new(Host, silo, deliver, Links);
        Links.Add(link);
        Links.OnReady(link, ["w"]);
        return link;
    }

    /// <summary>This silo's own site, with worker "w".</summary>
    public void AddHere(Action<IReadOnlyList<SiteItem>> apply)
    {
        SiteLink link = new(Host, "owner", (_, _, _) => throw new InvalidOperationException("Nothing goes over a stream here."), Links) { Here = apply };
        Links.Add(link);
        Links.OnReady(link, ["w"]);
    }

    public ClusterChildren Children(string workflow, Action<Letter> post) => new(workflow, 1, Links, Host, post);

    public static void Start(ClusterChildren children, int from, int count)
    {
        for (int i = from; i < from + count; i++) children.Start(Dispatch(i));
        children.Flush();
    }

    public static DispatchWorker Dispatch(int ordinal, int delivery = 1) => new(new ChildId(1, ordinal), 1, delivery, $"c{ordinal}", "w", null, null, null);

    public static Delivery Delivery(int ordinal, int number = 1) => new(new ChildId(1, ordinal), number);

    public async Task<T> GuardAsync<T>(Task<T> task) => await task.WaitAsync(_bound.Token);

    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync(_bound.Token);
        await Host.DisposeAsync();
        await _services.DisposeAsync();
        _bound.Dispose();
    }
}

/// <summary>A site that takes everything, and tells the test when it has so many dispatches.</summary>
internal sealed class TakingSite
{
    private readonly ConcurrentDictionary<(WorkflowId, ChildId, int), long> _taken = new();
    private readonly TaskCompletionSource<int> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Awaited { get; init; }

    public Task<int> WhenAll => _all.Task;

    public int Count => _taken.Count;

    public bool Has(WorkflowId workflow, Delivery delivery) => _taken.ContainsKey((workflow, delivery.Child, delivery.Number));

    public SiteAnswer Take(long stream, IReadOnlyList<SiteItem> items)
    {
        foreach (SiteItem item in items)
        {
            if (item.Message is Deliver { Dispatch: var dispatch }) _taken[(item.Workflow, dispatch.Child, dispatch.Delivery)] = stream;
        }

        if (_taken.Count >= Awaited) _all.TrySetResult(_taken.Count);
        return new SiteAnswer(IsLapsed: false, []);
    }
}
