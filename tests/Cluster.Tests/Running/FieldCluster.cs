using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using Sheaf.Grains;
using Sheaf.Journal;

namespace Sheaf.Cluster.Tests.Running;

/// <summary>What a test wants of its cluster.</summary>
public sealed record Wanted
{
    public int Silos { get; init; } = 3;

    /// <summary>The journal; null for one in memory.</summary>
    public IJournal? Journal { get; init; }

    /// <summary>The clock of workflows.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan SweepPeriod { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Which silos have <see cref="RareWorker"/> and <see cref="ServeWorker"/>, by their number in the order of starting.</summary>
    public Predicate<int> HasRare { get; init; } = _ => true;

    /// <summary>Whatever else a silo needs.</summary>
    public Action<ISiloBuilder> Silo { get; init; } = _ => { };

    /// <summary>Whatever else the client needs.</summary>
    public Action<IClientBuilder> Client { get; init; } = _ => { };

    /// <summary>Which silos have Sheaf, by their number in the order of starting; the others are as processes that do not know it.</summary>
    public Predicate<int> HasSheaf { get; init; } = _ => true;

    /// <summary>Two silos that take messages of so many bytes, and payloads as large as those can carry.</summary>
    public static Wanted WithMessagesOf(int maxBytes, Func<SheafBuilder, SheafBuilder> add) => new()
    {
        Silos = 2,
        Silo = silo =>
        {
            silo.Configure<SiloMessagingOptions>(options => options.MaxMessageBodySize = maxBytes);
            silo.AddSheaf(sheaf => add(sheaf).UseOptions(new SheafOptions { MaxPayloadBytes = maxBytes / 4 * 3 }));
        },
    };
}

/// <summary>A cluster of a test's own, in this process, with a client outside of it. Silos are killed, stopped and added.</summary>
public sealed class FieldCluster : IAsyncDisposable
{
    private static int _ids;

    private readonly InProcessTestCluster _cluster;
    private readonly ConcurrentDictionary<string, bool> _hasRare = new();
    private readonly ConcurrentDictionary<string, bool> _hasSheaf = new();
    private readonly ConcurrentDictionary<InProcessSiloHandle, string> _names = new();
    private int _started;

    private FieldCluster(Wanted wanted, Field field)
    {
        Field = field;
        Journal = wanted.Journal ?? new MemoryJournal();
        InProcessTestClusterBuilder builder = new((short)wanted.Silos);
        builder.ConfigureSilo((_, silo) =>
        {
            int number = Interlocked.Increment(ref _started) - 1;
            string name = string.Create(CultureInfo.InvariantCulture, $"silo-{number}");
            bool hasRare = _hasRare[name] = wanted.HasRare(number);
            bool hasSheaf = _hasSheaf[name] = wanted.HasSheaf(number);
            // The test cluster gives the names of silos that are gone to new ones.
            silo.Services.PostConfigure<SiloOptions>(options => options.SiloName = name);
            if (!hasSheaf)
            {
                silo.Services.PostConfigure<GrainTypeOptions>(types =>
                {
                    types.Classes.RemoveWhere(IsSheafs);
                    types.Interfaces.RemoveWhere(IsSheafs);
                });
                return;
            }

            silo.Services.AddSingleton(field);
            silo.Services.Configure<SheafSiloOptions>(options =>
            {
                options.LeaseDuration = wanted.Lease;
                options.SweepPeriod = wanted.SweepPeriod;
                options.ShutdownTimeout = wanted.ShutdownTimeout;
            });
            silo.Services.Configure<HostOptions>(options => options.ShutdownTimeout = wanted.ShutdownTimeout + TimeSpan.FromMinutes(1));
            silo.AddSheaf(sheaf => AddAll(sheaf, hasRare)).UseTimeProvider(wanted.Time).UseJournal(Journal);
            wanted.Silo(silo);
        });
        builder.ConfigureClient(client =>
        {
            client.AddSheaf();
            wanted.Client(client);
        });
        _cluster = builder.Build();
    }

    private static bool IsSheafs(Type type) => type.Assembly.GetName().Name!.StartsWith("Sheaf.Grains", StringComparison.Ordinal);

    public Field Field { get; }

    public IJournal Journal { get; }

    public InProcessTestCluster Orleans => _cluster;

    public IWorkflowClient Client => _cluster.Client.ServiceProvider.GetRequiredService<IWorkflowClient>();

    public ISheafCluster Cluster => _cluster.Client.ServiceProvider.GetRequiredService<ISheafCluster>();

    public IReadOnlyList<InProcessSiloHandle> Silos => _cluster.Silos;

    public static async Task<FieldCluster> StartAsync(Wanted? wanted = null, Field? field = null)
    {
        FieldCluster cluster = new(wanted ?? new Wanted(), field ?? new Field());
        await cluster._cluster.DeployAsync();
        await cluster.SettleAsync();
        return cluster;
    }

    /// <summary>The client of a silo: calls begin there.</summary>
    public static IWorkflowClient ClientOn(InProcessSiloHandle silo) => silo.SiloHost.Services.GetRequiredService<IWorkflowClient>();

    /// <summary>What outcomes and starts call a silo; also one that is gone.</summary>
    public string NameOf(InProcessSiloHandle silo) => _names[silo];

    public InProcessSiloHandle Named(string silo) => Silos.Single(handle => NameOf(handle) == silo);

    /// <summary>Whether a silo has <see cref="RareWorker"/>.</summary>
    public bool HasRare(InProcessSiloHandle silo) => _hasRare[NameOf(silo)];

    public bool HasSheaf(InProcessSiloHandle silo) => _hasSheaf[NameOf(silo)];

    /// <summary>The silo that owns a workflow now. One that has ended has no owner.</summary>
    public async Task<InProcessSiloHandle> OwnerAsync(WorkflowId id)
    {
        WorkflowHeader header = (await Journal.FindAsync(id))!;
        Assert.False(header.Owner is null, $"{id} is {header.Status}, and nobody owns it");
        return Silos.Single(silo => silo.SiloAddress.ToParsableString() == header.Owner);
    }

    /// <summary>Starts a workflow that this silo owns. It has to wait for something, a gate that opens later for instance: it must not end before its owner is looked up.</summary>
    public async Task<WorkflowId> SowAsync(InProcessSiloHandle silo, Rows rows, IWorkflowRef<Workflow<Rows, int>>? workflow = null)
    {
        using IDisposable hint = Placement.On(silo);
        WorkflowId id = string.Create(CultureInfo.InvariantCulture, $"w-{Interlocked.Increment(ref _ids)}");
        Assert.True(await Field.GuardAsync(ClientOn(silo).StartAsync(workflow ?? Run.Workflow<Sow>(), id, rows), "the start"));
        Assert.Equal(silo.SiloAddress, (await OwnerAsync(id)).SiloAddress);
        return id;
    }

    public Task<int> ResultAsync(WorkflowId id) => Field.GuardAsync(Client.ResultAsync<int>(id), $"the result of {id}");

    /// <summary>Waits until the journal says so of a workflow, without asking any silo for it.</summary>
    public Task HeaderAsync(WorkflowId id, Predicate<WorkflowHeader> isSo) =>
        Field.GuardAsync(Polling.UntilAsync(async () => await Journal.FindAsync(id) is { } header && isSo(header)), $"the journal's word on {id}");

    /// <summary>The children of a workflow's group, once its description says so of them: what follows a commit, such as their being placed, comes after the start has answered.</summary>
    public async Task<IReadOnlyList<ChildDescription>> RowsAsync(WorkflowId id, Predicate<IReadOnlyList<ChildDescription>> isSo)
    {
        IReadOnlyList<ChildDescription> rows = [];
        await Field.GuardAsync(Polling.UntilAsync(async () => isSo(rows = (await Client.DescribeAsync(id))!.Children[0].Children)), $"the description of {id}");
        return rows;
    }

    /// <summary>D2: whatever was lost and repeated, the journal has one end of each child.</summary>
    public async Task<IReadOnlyList<WorkflowEvent>> EventsAsync(WorkflowId id)
    {
        List<WorkflowEvent> events = [];
        await Field.GuardAsync(ReadAsync(), "the events");
        Assert.All(events.Where(seen => seen.Kind == WorkflowEventKind.ChildEnded).GroupBy(seen => seen.PathText), ends => Assert.Single(ends));
        return events;

        async Task ReadAsync()
        {
            await foreach (WorkflowEvent @event in Client.WatchAsync(id)) events.Add(@event);
        }
    }

    public Task KillAsync(InProcessSiloHandle silo) => Field.GuardAsync(_cluster.KillSiloAsync(silo), "the silo's end");

    public Task StopAsync(InProcessSiloHandle silo) => Field.GuardAsync(_cluster.StopSiloAsync(silo), "the silo's stop");

    public async Task<InProcessSiloHandle> AddAsync()
    {
        InProcessSiloHandle silo = await Field.GuardAsync(_cluster.StartAdditionalSiloAsync(), "the new silo");
        await SettleAsync();
        return silo;
    }

    /// <summary>The end of all silos, as of processes that are killed.</summary>
    public Task KillAllAsync() => Task.WhenAll(Silos.Select(KillAsync));

    public async ValueTask DisposeAsync()
    {
        foreach (string gate in (string[])["open", "unblock", "spawned", "first", "second"]) Field.Open(gate);
        await KillAllAsync();
        await Field.GuardAsync(_cluster.DisposeAsync().AsTask(), "the cluster's end");
    }

    /// <summary>Every silo has heard from every other what it can run, so that children spread over all.</summary>
    private Task SettleAsync()
    {
        foreach (InProcessSiloHandle silo in Silos) _names.GetOrAdd(silo, static silo => silo.SiloHost.Services.GetRequiredService<ILocalSiloDetails>().Name);
        return Field.GuardAsync(Polling.SilosKnowEachOtherAsync([.. Silos.Where(HasSheaf)]), "the silos to know each other");
    }

    /// <summary>Waits until something is so that no silo tells of.</summary>
    public Task UntilAsync(Func<bool> isSo, string what) => Field.GuardAsync(Polling.UntilAsync(() => Task.FromResult(isSo())), what);

    /// <summary>No silo keeps anything of a workflow that has ended.</summary>
    public Task ForgottenAsync()
    {
        return Field.GuardAsync(WaitAsync(), "the silos to forget what has ended");

        async Task WaitAsync()
        {
            foreach (ClusterHost host in Silos.Select(silo => silo.SiloHost.Services.GetRequiredService<ClusterHost>()))
            {
                await Polling.UntilAsync(() => Task.FromResult(host.Site.WorkflowCount == 0));
            }
        }
    }

    /// <summary>No silo has a workflow in memory that has ended: one that has ended for its callers may be on its way out.</summary>
    public Task LetGoAsync(WorkflowId id) => Field.GuardAsync(
        Task.WhenAll(Silos.Select(silo => silo.SiloHost.Services.GetRequiredService<ClusterHost>().Workflows.Find(id)?.WhenLetGo ?? Task.CompletedTask)), $"the silos to let go of {id}");

    /// <summary>No silo runs anything. A worker has told the field of its end before its silo knows of it.</summary>
    public Task NothingRunsAsync() => Field.GuardAsync(Polling.UntilAsync(async () => (await Cluster.GetRunningAsync()).Count == 0), "the silos to run nothing");

    private static SheafBuilder AddAll(SheafBuilder sheaf, bool withRare)
    {
        sheaf.AddWorkflow<Sow>().AddWorkflow<SowAndWait>().AddWorkflow<Wilt>().AddWorkflow<LieFallow>().AddWorkflow<ServeRows>()
            .AddWorker<HoldWorker>().AddWorker<StubbornWorker>().AddWorker<BlockingWorker>().AddWorker<ParentWorker>().AddWorker<FailWorker>();
        return withRare ? sheaf.AddWorker<RareWorker>().AddWorker<ServeWorker>() : sheaf;
    }
}
