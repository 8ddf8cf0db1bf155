using Orleans;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Sheaf.Grains;

/// <summary>Puts a grain on the silo that its key names, or nowhere.</summary>
[Serializable, GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("sheaf.SitePlacement")]
internal sealed class SitePlacement : PlacementStrategy
{
    /// <summary>The strategy; it has no settings.</summary>
    public static SitePlacement Singleton { get; } = new();
}

/// <summary>Marks a grain whose key is its silo.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SitePlacementAttribute() : PlacementAttribute(SitePlacement.Singleton);

/// <summary>Refuses any silo but the one that the key names: another one would be taken for it (design §8).</summary>
internal sealed class SitePlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string key = target.GrainIdentity.Key.ToString() ?? "";
        foreach (SiloAddress silo in context.GetCompatibleSilos(target))
        {
            if (silo.ToParsableString() == key) return Task.FromResult(silo);
        }

        throw new SiloUnavailableException($"Silo {key} is not there: what is meant for it runs nowhere else.");
    }
}
