using Sheaf.PublicSurface;

namespace Sheaf.Crash.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void Testing_PublicSurface_IsTheApprovedOne() => ApprovedSurface.Check(typeof(WorkflowTestHost).Assembly, "tests/TestKit");
}
