using Orleans.Runtime;
using Sheaf.Hosting;

namespace Sheaf.Grains;

/// <summary>Follows the cluster's membership: links to those that are active, and the consequences for those that are dead.</summary>
internal sealed class Membership(HostContext host, SiloAddress local, IClusterMembershipService members, SiteLinkFactory factory, SiteLinks links, OutcomeLinks outcomes, Takeover takeover)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Silos that may own something: all that are not dead.</summary>
    public IReadOnlyList<string> Live => [.. members.CurrentSnapshot.Members.Values.Where(IsLive).Select(member => member.SiloAddress.ToParsableString())];

    /// <summary>Whether this is the first of the active silos: one of a cluster does what only one has to.</summary>
    public bool IsFirst => members.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Min(member => member.SiloAddress)?.Equals(local) == true;

    public async Task FollowAsync()
    {
        try
        {
            Apply(members.CurrentSnapshot, isFirst: true);
            await foreach (ClusterMembershipSnapshot snapshot in members.MembershipUpdates.WithCancellation(host.Stopping).ConfigureAwait(false)) Apply(snapshot, isFirst: false);
        }
        catch (OperationCanceledException) when (host.Stopping.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private static bool IsLive(ClusterMember member) => member.Status is not (SiloStatus.Dead or SiloStatus.None);

    private void Apply(ClusterMembershipSnapshot snapshot, bool isFirst)
    {
        bool anyDied = isFirst;
        HashSet<string> live = [.. snapshot.Members.Values.Where(IsLive).Select(member => member.SiloAddress.ToParsableString())];
        foreach (SiteLink link in links.All.Where(link => !live.Contains(link.Silo)))
        {
            anyDied = true;
            links.OnDead(link.Silo);
            outcomes.OnDead(link.Silo);
        }

        foreach (ClusterMember member in snapshot.Members.Values.Where(member => member.Status == SiloStatus.Active))
        {
            string silo = member.SiloAddress.ToParsableString();
            if (links.Has(silo)) continue;
            SiteLink link = factory.Make(silo);
            links.Add(link);
            host.Run(() => AskAsync(link));
        }

        if (anyDied) host.Run(() => takeover.RunAsync([.. live]));
    }

    private async Task AskAsync(SiteLink link)
    {
        while (!host.Stopping.IsCancellationRequested && links.Has(link.Silo))
        {
            try
            {
                links.OnReady(link, await factory.AskAsync(link.Silo).ConfigureAwait(false));
                return;
            }
            catch (Exception error)
            {
                ClusterLog.InfoFailed(host.Logger, link.Silo, error);
            }

            await Task.Delay(Pause, TimeProvider.System, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
