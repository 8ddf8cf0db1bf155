using System.Collections.Concurrent;
using Orleans.Metadata;
using Orleans.Runtime;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>Follows the cluster's membership: links to those that are active, and the consequences for those that are dead.</summary>
internal sealed class Membership(HostContext host, SiloAddress local, IClusterMembershipService members, IClusterManifestProvider manifests, SiteLinkFactory factory, SiteLinks links, OutcomeLinks outcomes, SiteHost site, Takeover takeover)
{
    // Silos of the cluster that have no site: they run without Sheaf.
    private readonly ConcurrentDictionary<string, bool> _strangers = new(StringComparer.Ordinal);

    private readonly Outage _unanswered = new(TimeProvider.System);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether this is the first of the active silos that have Sheaf: one of a cluster does what only one has to.</summary>
    public bool IsFirst => members.CurrentSnapshot.Members.Values
        .Where(member => member.Status == SiloStatus.Active && !_strangers.ContainsKey(member.SiloAddress.ToParsableString()))
        .Min(member => member.SiloAddress)?.Equals(local) == true;

    /// <summary>Makes the links to those that are there, before any workflow comes to life here: it asks them for its children (D8).</summary>
    public void Begin()
    {
        foreach (string silo in Active(members.CurrentSnapshot)) links.Add(factory.Make(silo));
    }

    public async Task FollowAsync()
    {
        try
        {
            foreach (SiteLink link in links.All) host.Run(() => AskAsync(link));
            Apply(members.CurrentSnapshot);
            host.Run(takeover.RunAsync);
            await foreach (ClusterMembershipSnapshot snapshot in members.MembershipUpdates.WithCancellation(host.Stopping).ConfigureAwait(false)) Apply(snapshot);
        }
        catch (OperationCanceledException) when (host.Stopping.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    /// <summary>Whether a silo may own something.</summary>
    public static bool IsLive(ClusterMember member) => member.Status is not (SiloStatus.Dead or SiloStatus.None);

    private static IEnumerable<string> Active(ClusterMembershipSnapshot snapshot) =>
        snapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress.ToParsableString());

    private void Apply(ClusterMembershipSnapshot snapshot)
    {
        bool anyDied = false;
        HashSet<string> live = [.. snapshot.Members.Values.Where(IsLive).Select(member => member.SiloAddress.ToParsableString())];
        foreach (SiteLink link in links.All.Where(link => !live.Contains(link.Silo)))
        {
            anyDied = true;
            links.OnDead(link.Silo);
            outcomes.OnDead(link.Silo);
            site.OnOwnerDead(link.Silo);
        }

        foreach (string silo in Active(snapshot))
        {
            if (links.Has(silo) || _strangers.ContainsKey(silo)) continue;
            SiteLink link = factory.Make(silo);
            links.Add(link);
            host.Run(() => AskAsync(link));
        }

        foreach (string stranger in _strangers.Keys.Where(silo => !live.Contains(silo))) _strangers.TryRemove(stranger, out _);
        if (anyDied) host.Run(takeover.RunAsync);
    }

    private async Task AskAsync(SiteLink link)
    {
        while (!host.Stopping.IsCancellationRequested && links.Has(link.Silo))
        {
            try
            {
                if (!await HasSiteAsync(link).ConfigureAwait(false)) return;
                links.OnReady(link, await factory.AskAsync(link.Silo).ConfigureAwait(false));
                return;
            }
            catch (OperationCanceledException) when (host.Stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                if (_unanswered.Speaks(out int heldBack)) ClusterLog.InfoFailed(host.Logger, link.Silo, heldBack, error);
            }

            await Task.Delay(Pause, TimeProvider.System, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until this silo has the other's manifest: before that placement takes it for one that is not there.</summary>
    /// <returns>Whether the other has a site; not so where it is gone before, or this one ends.</returns>
    private async Task<bool> HasSiteAsync(SiteLink link)
    {
        SiloAddress silo = SiloAddress.FromParsableString(link.Silo);
        // The first is the one that there is; each change of the membership brings another.
        await foreach (ClusterManifest manifest in manifests.Updates.WithCancellation(host.Stopping).ConfigureAwait(false))
        {
            if (manifest.Silos.TryGetValue(silo, out GrainManifest? there))
            {
                if (there.Grains.ContainsKey(factory.SiteType)) return true;
                _strangers[link.Silo] = true;
                ClusterLog.Stranger(host.Logger, link.Silo);
                links.OnDead(link.Silo);
                return false;
            }

            if (!links.Has(link.Silo)) return false;
        }

        return false;
    }
}
