using Sheaf.Grains;

namespace Sheaf.Cluster.Tests.Links;

/// <summary>The way from a silo, as an owner, to itself.</summary>
public sealed class HereTests
{
    [Fact]
    [Trait("Rule", "D7")]
    public async Task Here_MoreChildrenThanALinkHasCredits_NoneWaitsForAConfirmationThatDoesNotCome()
    {
        const int Count = 10_000;
        await using Owner owner = new();
        TakingSite site = new() { Awaited = Count };
        owner.AddHere(items => site.Take(1, items));
        ClusterChildren children = owner.Children("w-1", _ => { });
        Owner.Start(children, 0, Count);
        Assert.Empty(children.WhyWaiting());
        Assert.Equal(Count, await owner.GuardAsync(site.WhenAll));
    }
}
