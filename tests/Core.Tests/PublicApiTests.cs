using Sheaf.PublicSurface;

namespace Sheaf.Core.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void Core_PublicSurface_IsTheApprovedOne() => ApprovedSurface.Check(typeof(TaskGroup).Assembly, "src/Core");
}
