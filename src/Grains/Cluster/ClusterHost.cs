using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Sheaf.Engine;
using Sheaf.Hosting;
using Sheaf.Journal;

namespace Sheaf.Grains;

/// <summary>A silo's part in Sheaf: owns workflows, has their children run on all silos, and runs children for others.</summary>
/// <remarks>Thread-safe. Works while the silo is active, between <see cref="StartAsync"/> and <see cref="StopAsync"/>.</remarks>
internal sealed class ClusterHost : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private readonly SheafSiloOptions _settings;
    private readonly OutcomeLinks _outcomes;
    private readonly Membership _membership;
    private readonly Takeover _takeover;
    private readonly Whereabouts _whereabouts;
    private readonly SiteLinkFactory _factory;

    public ClusterHost(
        IServiceProvider services, ILocalSiloDetails silo, IClusterMembershipService members, IClusterManifestProvider manifests, IGrainFactory grains, SheafBuilder builder,
        IOptions<SheafSiloOptions> settings, IOptions<SiloMessagingOptions> messaging, IJournal journal, ILoggerFactory loggers)
    {
        _settings = settings.Value;
        MessageLimit = new MessageLimit(messaging.Value.MaxMessageBodySize);
        string address = silo.SiloAddress.ToParsableString();
        Context = new HostContext(services, builder.Registry, builder.Options, journal, builder.Time ?? TimeProvider.System, loggers.CreateLogger("Sheaf.Cluster"), address) { SiloName = silo.Name };
        Links = new SiteLinks(address);
        Workflows = new WorkflowOwner(Context, (header, post) => new ClusterChildren(header.Id, header.Epoch, Links, Context, post) { MessageLimit = MessageLimit }, takesOver: true);
        Context.Nested = new NestedWorkflows(new ClusterClient(grains, builder.Options), Context, MessageLimit);
        _whereabouts = new Whereabouts(Context, Workflows);
        _outcomes = new OutcomeLinks(this, grains);
        Site = new SiteHost(Context, _settings.LeaseDuration, _outcomes.To, TryPost, (owner, workflow, ask) => owner == address ? OnAskAsync(workflow, ask) : AskAsync(grains.GetGrain<ISiteGrain>(owner), workflow, ask), Workflows.OnClaimed) { MessageLimit = MessageLimit };
        _factory = new SiteLinkFactory(this, grains);
        _takeover = new Takeover(Context, Workflows, silo.SiloAddress, members, grains);
        Workflows.TakesUp = _takeover.ResumeAsync;
        _membership = new Membership(Context, silo.SiloAddress, members, manifests, _factory, Links, _outcomes, Site, _takeover);
    }

    public HostContext Context { get; }

    public MessageLimit MessageLimit { get; }

    public WorkflowOwner Workflows { get; }

    public SiteLinks Links { get; }

    public SiteHost Site { get; }

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(ClusterHost), ServiceLifecycleStage.ValidateInitialConnectivity, BeginAsync);
        lifecycle.Subscribe(nameof(ClusterHost), ServiceLifecycleStage.Active, StartAsync, StopAsync);
    }

    /// <summary>Takes ends of children, and answers when they are committed.</summary>
    public async Task<OutcomeAnswer> OnOutcomesAsync(IReadOnlyList<(WorkflowId Workflow, LeafEnded Ended)> outcomes)
    {
        OutcomeReceipt receipt = new(outcomes.Count);
        for (int i = 0; i < outcomes.Count; i++)
        {
            if (!TryPost(outcomes[i].Workflow, new Letter(outcomes[i].Ended, receipt.Of(i)))) receipt.NotHere(i);
        }

        IReadOnlyList<int> notHere = await receipt.WhenAnswered.ConfigureAwait(false);
        return notHere.Count == 0 ? OutcomeAnswer.Committed : await _whereabouts.FindAsync(outcomes, notHere).ConfigureAwait(false);
    }

    /// <summary>Takes the end of a child, unless its workflow is not here. One that has left memory waits for no child: its journal has this end, or nobody wants it.</summary>
    private bool TryPost(WorkflowId workflow, Letter letter)
    {
        if (Workflows.Find(workflow) is { } actor) actor.Post(letter);
        else if (Workflows.IsAway(workflow)) letter.Done?.OnDone(false);
        else return false;
        return true;
    }

    private static Task<bool> AskAsync(ISiteGrain owner, WorkflowId workflow, LeafAsk ask) => ask switch
    {
        AskSpawn spawn => owner.SpawnAsync(WireSpawn.From(workflow.Value, spawn)),
        AskReady ready => owner.ReadyAsync(WireReady.From(workflow.Value, ready)),
        _ => throw new InvalidOperationException($"No way to ask for {ask.GetType().Name}."),
    };

    /// <summary>What a child wants of its workflow, wherever the child runs.</summary>
    /// <returns>Whether it has it.</returns>
    public async Task<bool> OnAskAsync(WorkflowId workflow, LeafAsk ask)
    {
        if (await Workflows.FindOrWakeAsync(workflow).ConfigureAwait(false) is not { } actor)
        {
            // Who asks would ask for ever.
            if (await _whereabouts.HasEndedAsync(workflow).ConfigureAwait(false)) return false;
            throw new WorkflowMovedException($"Workflow '{workflow}' is not on this silo any more.");
        }

        LetterAnswer answer = new();
        actor.Post(new Letter(ask, answer));
        try
        {
            return await answer.Task.ConfigureAwait(false);
        }
        catch (Exception error) when (error is OwnerLostException || (error is OperationCanceledException && Context.Stopping.IsCancellationRequested))
        {
            throw new WorkflowMovedException(error.Message);
        }
    }

    /// <summary>Workflows have been given up: looks for those that nobody owns.</summary>
    public void TakeOver() => Context.Run(_takeover.RunAsync);

    public async ValueTask DisposeAsync() => await Context.DisposeAsync().ConfigureAwait(false);

    private Task BeginAsync(CancellationToken cancellationToken)
    {
        _membership.Begin();
        return Task.CompletedTask;
    }

    private Task StartAsync(CancellationToken cancellationToken)
    {
        Context.Run(_membership.FollowAsync);
        Context.Run(() => EveryAsync(_settings.LeaseDuration / 5, () =>
        {
            foreach (SiteLink link in Links.All) link.SendSignOfLife();
            Site.EndLapsedLeases();
            return Task.CompletedTask;
        }));
        Context.Run(() => EveryAsync(_settings.SweepPeriod, () => _membership.IsFirst ? _takeover.RunAsync() : _takeover.TakeUpOwnAsync()));
        return Task.CompletedTask;
    }

    /// <summary>
    /// Stops: children here are signalled and handed back, the ownership of workflows is given up (D7), and others are told of both.
    /// Where there is no time for that, nobody is told: then it is as if the silo had died.
    /// </summary>
    private async Task StopAsync(CancellationToken cancellationToken)
    {
        Site.Leave(new(CancellationCauseKind.ParentCancelled, "the silo stops", Context.SiloName, Context.Time.GetUtcNow()), handsBack: !cancellationToken.IsCancellationRequested);
        if (cancellationToken.IsCancellationRequested)
        {
            await Context.StopAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        await TellOthersAsync(site => site.OnLeavingAsync(Context.OwnerName)).ConfigureAwait(false);
        using CancellationTokenSource bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(_settings.ShutdownTimeout);
        Task stopping = Context.StopAsync(bound.Token);
        // Workers may take their time; the workflows go on elsewhere meanwhile.
        await Workflows.WhenAllLetGo.WaitAsync(bound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ReleaseAsync(cancellationToken).ConfigureAwait(false);
        await stopping.ConfigureAwait(false);
        if (Context.Busy is > 0 and int left) ClusterLog.StillRunning(Context.Logger, left);
    }

    private async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await Context.Journal.ReleaseAsync(Context.OwnerName, cancellationToken).ConfigureAwait(false) == 0) return;
            await TellOthersAsync(site => site.OnReleasedAsync()).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            ClusterLog.ReleaseFailed(Context.Logger, error);
        }
    }

    private Task TellOthersAsync(Func<ISiteGrain, Task> tell) =>
        Task.WhenAll(Links.All.Where(link => link.Silo != Context.OwnerName && !link.IsDead).Select(link => _factory.TellAsync(link.Silo, tell)));

    private async Task EveryAsync(TimeSpan period, Func<Task> act)
    {
        using PeriodicTimer timer = new(period, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(Context.Stopping).ConfigureAwait(false)) await TryAsync(act).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Context.Stopping.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    /// <summary>One failure must not end what has to go on, such as the signs of life.</summary>
    private async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act().ConfigureAwait(false);
        }
        catch (Exception error) when (!Context.Stopping.IsCancellationRequested)
        {
            ClusterLog.PeriodicFailed(Context.Logger, error);
        }
    }
}
