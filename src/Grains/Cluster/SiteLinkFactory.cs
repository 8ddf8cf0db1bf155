using Orleans;
using Orleans.Runtime;
using Sheaf.Engine;

namespace Sheaf.Grains;

/// <summary>Makes the way to a site: to this silo's own by a call, to others' over their grains.</summary>
internal sealed class SiteLinkFactory(ClusterHost host, IGrainFactory grains)
{
    /// <summary>The type of grain that a site is.</summary>
    public GrainType SiteType { get; } = grains.GetGrain<ISiteGrain>("any").GetGrainId().Type;

    public SiteLink Make(string silo)
    {
        string local = host.Context.OwnerName;
        if (silo == local) return MakeLocal();
        ISiteGrain site = grains.GetGrain<ISiteGrain>(silo);
        return new SiteLink(host.Context, silo, async (stream, first, items) =>
        {
            WireMessage[] messages = [.. items.Select(item => WireMessage.From(item.Workflow.Value, item.Epoch, item.Message))];
            SiteReply reply = await site.DeliverAsync(new SiteBatch(local, stream, first, messages)).ConfigureAwait(false);
            return new SiteAnswer(reply.IsLapsed, [.. reply.Found.Select(found => new FoundDeliveries(found.Workflow, found.Epoch, [.. found.Deliveries.Select(delivery => delivery.ToDelivery())]))], reply.IsLeaving);
        }, host.Links) { MessageLimit = host.MessageLimit };
    }

    /// <summary>To oneself there is no network, and no lease: what one owner sends is applied in order as it is sent.</summary>
    private SiteLink MakeLocal()
    {
        SiteLink? link = null;
        return link = new SiteLink(host.Context, host.Context.OwnerName, (_, _, _) => throw new InvalidOperationException("A silo sends itself no batches."), host.Links)
        {
            Here = items =>
            {
                IReadOnlyList<FoundDeliveries> found = host.Site.DeliverHere(items);
                // Later: the workflow that asks holds its lock now.
                if (found.Count > 0) host.Context.Run(() =>
                {
                    host.Links.OnFound(link!, found);
                    return Task.CompletedTask;
                });
            },
        };
    }

    /// <summary>Tells another silo that this one stops. One that does not hear it finds out from membership.</summary>
    public async Task TellAsync(string silo, Func<ISiteGrain, Task> tell)
    {
        try
        {
            await tell(grains.GetGrain<ISiteGrain>(silo)).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            ClusterLog.GoodbyeFailed(host.Context.Logger, silo, error);
        }
    }

    /// <summary>Asks a site what it can run.</summary>
    public async Task<IReadOnlyList<string>> AskAsync(string silo) =>
        silo == host.Context.OwnerName ? [.. host.Context.Registry.Workers.All] : (await grains.GetGrain<ISiteGrain>(silo).GetInfoAsync().ConfigureAwait(false)).Workers;
}
