using System.Collections.Concurrent;
using Orleans;
using Sheaf.Engine;

namespace Sheaf.Grains;

/// <summary>The ways from this silo, as a site, to owners: to its own by a call, to others' over their grains.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class OutcomeLinks(ClusterHost host, IGrainFactory grains)
{
    private readonly ConcurrentDictionary<string, OutcomeLink> _links = new(StringComparer.Ordinal);

    public OutcomeLink To(string owner) => _links.GetOrAdd(owner, static (owner, links) => links.Make(owner), this);

    /// <summary>The owner's silo is dead: what it has not committed waits for the next owner's question.</summary>
    public void OnDead(string owner)
    {
        if (_links.TryRemove(owner, out OutcomeLink? link)) link.Die();
    }

    private OutcomeLink Make(string owner)
    {
        string site = host.Context.SiloName!;
        if (owner == host.Context.OwnerName)
            return new OutcomeLink(host.Context, owner, outcomes => host.OnOutcomesAsync([.. outcomes.Select(outcome => (outcome.Workflow.Workflow, outcome.Ended))]));
        ISiteGrain grain = grains.GetGrain<ISiteGrain>(owner);
        return new OutcomeLink(host.Context, owner, async outcomes =>
        {
            WireOutcome[] wire = [.. outcomes.Select(outcome => WireOutcome.From(outcome.Workflow.Workflow.Value, outcome.Ended))];
            return (await grain.OutcomesAsync(new OutcomeBatch(site, wire)).ConfigureAwait(false)).ToAnswer();
        }) { MessageLimit = host.MessageLimit };
    }
}
