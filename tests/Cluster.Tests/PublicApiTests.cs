using Sheaf.Grains;
using Sheaf.PublicSurface;

namespace Sheaf.Cluster.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void Grains_PublicSurface_IsTheApprovedOne() => ApprovedSurface.Check(typeof(SheafSiloOptions).Assembly, "src/Grains");

    [Fact]
    public void GrainsAbstractions_PublicSurface_IsTheApprovedOne() => ApprovedSurface.Check(typeof(ISheafCluster).Assembly, "src/Grains.Abstractions");
}
