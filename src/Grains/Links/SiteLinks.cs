using System.Collections.Concurrent;
using Sheaf.Engine;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>The sites that this silo's workflows have their children run on, and which child goes where.</summary>
/// <remarks>
/// Thread-safe. Lock order: this, then <see cref="ClusterChildren"/>, then <see cref="SiteLink"/>. Children spread over the
/// silos that have their worker, in shares of a batch; one alone stays here. What no silo can take now waits in order.
/// </remarks>
internal sealed class SiteLinks(string local) : ISiteLinkEvents
{
    private readonly ConcurrentDictionary<string, SiteLink> _links = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<WorkflowId, ClusterChildren> _children = new();
    private readonly Lock _gate = new();

    // Guarded by _gate.
    private readonly LinkedList<(ClusterChildren Children, DispatchWorker Dispatch)> _waiting = [];
    private int _turn;

    public IReadOnlyCollection<SiteLink> All => [.. _links.Values];

    public void Register(WorkflowId workflow, ClusterChildren children) => _children[workflow] = children;

    public void Unregister(WorkflowId workflow, ClusterChildren children)
    {
        _children.TryRemove(KeyValuePair.Create(workflow, children));
        lock (_gate) Remove_NeedsLock(item => item.Children == children);
    }

    public void Add(SiteLink link) => _links.TryAdd(link.Silo, link);

    public bool Has(string silo) => _links.ContainsKey(silo);

    /// <summary>The site has said what it can run: what waited for that goes there.</summary>
    public void OnReady(SiteLink link, IEnumerable<string> workers)
    {
        link.Workers = workers.ToHashSet(StringComparer.Ordinal);
        OnCredits(link);
    }

    /// <summary>The silo is dead in membership, and its deliveries are lost; or it turns out to have no site, and there are none.</summary>
    public void OnDead(string silo)
    {
        SiteLink? link;
        // Not while dispatches are being placed: one might be assigned to it after its workflow has been told.
        lock (_gate)
        {
            if (!_links.TryRemove(silo, out link)) return;
            link.Die();
        }

        foreach (ClusterChildren children in _children.Values) children.OnSiteLost(link, $"silo {silo} was lost");
        PlaceWaiting();
    }

    /// <summary>The silo stops, and has said so: its deliveries do not count as lost. The link stays until the silo is dead, so that none is made anew.</summary>
    public void OnLeaving(SiteLink link)
    {
        lock (_gate) link.Die();
        foreach (ClusterChildren children in _children.Values) children.OnSiteLost(link, $"silo {link.Silo} was stopped", handedBack: true);
        PlaceWaiting();
    }

    /// <summary>What waited for a silo that is gone has its place among those that are left.</summary>
    private void PlaceWaiting()
    {
        lock (_gate) PlaceWaiting_NeedsLock(int.MaxValue);
    }

    public void OnLeaving(string silo)
    {
        if (_links.TryGetValue(silo, out SiteLink? link)) OnLeaving(link);
    }

    /// <summary>Finds places for a workflow's dispatches.</summary>
    public void Place(ClusterChildren children, IReadOnlyList<DispatchWorker> dispatches)
    {
        lock (_gate)
        {
            // Those of one worker together: they go to the same sites.
            for (int begin = 0; begin < dispatches.Count;)
            {
                int end = begin + 1;
                while (end < dispatches.Count && dispatches[end].Worker == dispatches[begin].Worker) end++;
                Place_NeedsLock(children, [.. dispatches.Skip(begin).Take(end - begin)], int.MaxValue);
                begin = end;
            }
        }
    }

    /// <summary>Takes back what waits for a place in a cancelled scope: it need not run any more.</summary>
    public IReadOnlyList<DispatchWorker> TakeBack(ClusterChildren children, int scope)
    {
        lock (_gate) return [.. Remove_NeedsLock(item => item.Children == children && item.Dispatch.Child.Scope == scope).Select(item => item.Dispatch)];
    }

    /// <summary>Children that wait for a place, and why (D7).</summary>
    public Dictionary<ChildId, string> WhyWaiting(ClusterChildren children)
    {
        lock (_gate)
        {
            return _waiting.Where(item => item.Children == children).ToDictionary(
                item => item.Dispatch.Child,
                item => _links.Values.Any(link => !link.IsDead && link.Workers?.Contains(item.Dispatch.Worker) == true)
                    ? "a silo with its worker that has room for it"
                    : $"a silo with worker '{item.Dispatch.Worker}': there is none");
        }
    }

    public void OnCredits(SiteLink link)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0) return;
            // At home there is always room. What another silo's room is the occasion for is shared with it, and not taken from it.
            int others = _links.Values.Count(other => other.Silo != local && !other.IsDead);
            PlaceWaiting_NeedsLock(link.Silo == local || others == 0 ? int.MaxValue : (link.Credits + others - 1) / others);
        }
    }

    public void OnFound(SiteLink link, IReadOnlyList<FoundDeliveries> found)
    {
        foreach (FoundDeliveries of in found)
        {
            if (_children.TryGetValue(of.Workflow, out ClusterChildren? children)) children.OnFound(link, of.Epoch, of.Deliveries);
        }
    }

    public void OnTooLarge(SiteItem item, DispatchWorker dispatch, Exception error)
    {
        if (_children.TryGetValue(item.Workflow, out ClusterChildren? children))
            children.Refuse(dispatch, new PayloadTooLargeException($"Child '{dispatch.Name}' is more than a message of this cluster can carry: {error.Message}", error));
    }

    public void OnLapsed(SiteLink link)
    {
        // As above. What is placed on it after this goes over the new stream, and must not be taken for lost.
        lock (_gate) link.Restart();
        foreach (ClusterChildren children in _children.Values) children.OnSiteLost(link, $"silo {link.Silo} had not heard of this one for longer than the lease");
        link.Resume();
        OnCredits(link);
    }

    private void PlaceWaiting_NeedsLock(int atHome)
    {
        List<(ClusterChildren Children, DispatchWorker Dispatch)> waiting = [.. _waiting];
        _waiting.Clear();
        foreach (var run in waiting.GroupBy(item => (item.Children, item.Dispatch.Worker))) atHome -= Place_NeedsLock(run.Key.Children, [.. run.Select(item => item.Dispatch)], atHome);
    }

    /// <summary>Finds places for dispatches of one worker; those that there is no room for wait.</summary>
    /// <param name="children">Whose they are.</param>
    /// <param name="dispatches">The dispatches.</param>
    /// <param name="atHome">So many may stay here at the most. No more than a silo's share do, where others have the worker, however little room they have now.</param>
    /// <returns>How many stay here.</returns>
    private int Place_NeedsLock(ClusterChildren children, List<DispatchWorker> dispatches, int atHome)
    {
        int able = _links.Values.Count(link => !link.IsDead && link.Workers?.Contains(dispatches[0].Worker) == true);
        atHome = Math.Min(atHome, (dispatches.Count + able - 1) / Math.Max(able, 1));
        int stay = 0;
        List<SiteLink> sites = Sites_NeedsLock(dispatches[0].Worker, dispatches.Count);
        int placed = 0;
        for (int i = 0; i < sites.Count && placed < dispatches.Count; i++)
        {
            int left = dispatches.Count - placed;
            int share = (left + sites.Count - i - 1) / (sites.Count - i);
            bool isHome = sites[i].Silo == local;
            int count = Math.Min(share, isHome ? atHome : sites[i].Credits);
            if (count == 0) continue;
            children.Assign(sites[i], dispatches.GetRange(placed, count));
            placed += count;
            if (isHome) stay = count;
        }

        foreach (DispatchWorker dispatch in dispatches.Skip(placed)) _waiting.AddLast((children, dispatch));
        return stay;
    }

    /// <summary>The sites that can run a worker, in the order of being asked: each time another one first, but a child alone stays at home.</summary>
    private List<SiteLink> Sites_NeedsLock(string worker, int count)
    {
        List<SiteLink> sites = [.. _links.Values.Where(link => link.Workers?.Contains(worker) == true && link.Credits > 0).OrderBy(link => link.Silo, StringComparer.Ordinal)];
        if (sites.Count < 2) return sites;
        int first = count == 1 ? sites.FindIndex(link => link.Silo == local) : -1;
        if (first < 0) first = (_turn++ & int.MaxValue) % sites.Count;
        return [.. sites.Skip(first), .. sites.Take(first)];
    }

    private List<(ClusterChildren Children, DispatchWorker Dispatch)> Remove_NeedsLock(Predicate<(ClusterChildren Children, DispatchWorker Dispatch)> which)
    {
        List<(ClusterChildren, DispatchWorker)> removed = [];
        for (LinkedListNode<(ClusterChildren, DispatchWorker)>? node = _waiting.First; node is not null;)
        {
            LinkedListNode<(ClusterChildren, DispatchWorker)>? next = node.Next;
            if (which(node.Value))
            {
                removed.Add(node.Value);
                _waiting.Remove(node);
            }

            node = next;
        }

        return removed;
    }
}
