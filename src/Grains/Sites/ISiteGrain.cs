using Orleans;
using Orleans.Concurrency;

namespace Sheaf.Grains;

/// <summary>
/// A silo's ear: runs children for the owners of workflows, and hears of the ends of children for the workflows that the
/// silo owns. One a silo; its key is the silo's full address with its generation, and it runs nowhere else.
/// </summary>
[Alias("sheaf.ISiteGrain")]
internal interface ISiteGrain : IGrainWithStringKey
{
    /// <summary>What the silo can run.</summary>
    [Alias("info")]
    [ResponseTimeout("00:00:05")]
    Task<SiteInfo> GetInfoAsync();

    /// <summary>Takes the next messages of an owner's stream (C3).</summary>
    [Alias("deliver")]
    [ResponseTimeout("00:00:10")]
    Task<SiteReply> DeliverAsync([Immutable] SiteBatch batch);

    /// <summary>Takes ends of children. Returns when those that are listed as committed are.</summary>
    [Alias("outcomes")]
    Task<OutcomeReply> OutcomesAsync([Immutable] OutcomeBatch batch);

    /// <summary>A worker asks for a sibling (R2).</summary>
    [Alias("spawn")]
    Task<bool> SpawnAsync([Immutable] WireSpawn spawn);

    /// <summary>A worker says that it is ready (R14).</summary>
    [Alias("ready")]
    Task<bool> ReadyAsync([Immutable] WireReady ready);

    /// <summary>A silo stops, and has handed back what it ran for this one.</summary>
    [Alias("leaving")]
    [ResponseTimeout("00:00:02")]
    Task OnLeavingAsync(string silo);

    /// <summary>A silo that stops has given up the ownership of its workflows.</summary>
    [Alias("released")]
    [ResponseTimeout("00:00:02")]
    Task OnReleasedAsync();

    /// <summary>What runs here.</summary>
    [Alias("running")]
    Task<IReadOnlyList<RunningChild>> GetRunningAsync();

    /// <summary>Workflows that the silo owns and that are stuck.</summary>
    [Alias("stuck")]
    Task<IReadOnlyList<string>> GetStuckAsync();
}
