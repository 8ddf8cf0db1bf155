using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Sheaf.Engine;

namespace Sheaf.Grains;

/// <summary>The address of a silo's <see cref="SiteHost"/>, and of what owns workflows there.</summary>
[Reentrant]
[SitePlacement]
[Immovable]
internal sealed class SiteGrain(ClusterHost host) : Grain, ISiteGrain
{
    public Task<SiteInfo> GetInfoAsync() => Task.FromResult(new SiteInfo([.. host.Context.Registry.Workers.All]));

    public Task<SiteReply> DeliverAsync(SiteBatch batch)
    {
        SiteItem[] items = [.. batch.Messages.Select(message => new SiteItem(message.Workflow, message.Epoch, message.ToMessage()))];
        SiteAnswer answer = host.Site.Deliver(batch.Owner, batch.Stream, batch.FirstNumber, items);
        return Task.FromResult(answer switch
        {
            { IsLeaving: true } => SiteReply.Leaving,
            { IsLapsed: true } => SiteReply.Lapsed,
            { Found.Count: 0 } => SiteReply.Applied,
            _ => new SiteReply(false, [.. answer.Found.Select(found => new WireFound(found.Workflow.Value, found.Epoch, [.. found.Deliveries.Select(WireDelivery.From)]))]),
        });
    }

    public async Task<OutcomeReply> OutcomesAsync(OutcomeBatch batch) =>
        OutcomeReply.From(await host.OnOutcomesAsync([.. batch.Outcomes.Select(outcome => (new WorkflowId(outcome.Workflow), outcome.ToEnded(batch.Site)))]));

    public Task<bool> SpawnAsync(WireSpawn spawn) => host.OnAskAsync(spawn.Workflow, spawn.ToAsk());

    public Task<bool> ReadyAsync(WireReady ready) => host.OnAskAsync(ready.Workflow, ready.ToAsk());

    public Task OnLeavingAsync(string silo)
    {
        host.Links.OnLeaving(silo);
        return Task.CompletedTask;
    }

    public Task OnReleasedAsync()
    {
        host.TakeOver();
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<RunningChild>> GetRunningAsync() => Task.FromResult(host.Site.Running(host.Context.SiloName!));

    public Task<IReadOnlyList<string>> GetStuckAsync() => Task.FromResult(host.Workflows.Stuck);
}
