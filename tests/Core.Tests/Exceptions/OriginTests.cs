namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E4")]
public sealed class OriginTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Leaves_Nested_ComposePathsFromTheOutermostGroup()
    {
        ExceptionGroup inner = Trees.Group("inner", null, (new FormatException(), [Trees.At("x", "y")]), (new IOException(), []));
        ExceptionGroup group = Trees.Group("outer", null, (new AggregateException(inner), [Trees.At("a")]), (new TimeoutException(), []));

        string[] paths = [.. group.Leaves.Select(leaf => string.Join('|', leaf.Origins))];

        Assert.Equal(["a/x/y", "a", ""], paths);
    }

    [Fact]
    public void Leaves_Attributes_TheInnerOneWinsAndTheOuterFillsGaps()
    {
        FailureOrigin outer = new()
        {
            Path = ["a"], WorkflowId = "w", Worker = "outer", Silo = "s1", Attempt = 3, Delivery = 2, StartedAt = Noon,
                EndedAt = Noon.AddSeconds(9), TraceId = "t",
        };
        FailureOrigin inner = new() { Path = ["b"], Worker = "inner", StartedAt = Noon.AddSeconds(1) };
        ExceptionGroup group = Trees.Group("g", null, (Trees.Group("h", null, (new IOException(), [inner])), [outer]));

        FailureOrigin origin = Assert.Single(Assert.Single(group.Leaves).Origins);

        Assert.Equal(outer with { Path = ["a", "b"], Worker = "inner", StartedAt = Noon.AddSeconds(1) }, origin);
    }

    [Fact]
    public void Leaves_InnerTry_IsNotMixedWithTheOuterOne()
    {
        FailureOrigin outer = new() { Path = ["a"], Attempt = 3, Delivery = 5 };
        FailureOrigin inner = new() { Path = ["b"], Attempt = 1, Delivery = 2 };
        ExceptionGroup group = Trees.Group("g", null, (Trees.Group("h", null, (new IOException(), [inner])), [outer]));

        FailureOrigin origin = Assert.Single(Assert.Single(group.Leaves).Origins);

        Assert.Equal((1, 2), (origin.Attempt, origin.Delivery));
    }

    [Fact]
    public void OriginsOf_OneInstanceInSeveralPlaces_HasAllOfThem()
    {
        IOException shared = new();
        ExceptionGroup group = Trees.Group(
            "g", null, (shared, [Trees.At("a"), Trees.At("b")]), (Trees.Group("h", null, (shared, [Trees.At("c")])), [Trees.At("n")]));

        Assert.Equal("a|b|n/c", string.Join('|', group.OriginsOf(shared)));
        Assert.Empty(group.OriginsOf(new IOException()));
    }

    [Fact]
    public void Split_Part_KeepsOriginsOfLeavesAndGroups()
    {
        FormatException format = new();
        ExceptionGroup inner = Trees.Group("h", null, (new IOException(), [Trees.At("x")]), (format, [Trees.At("y")]));
        ExceptionGroup group = Trees.Group("g", null, (new IOException(), [Trees.At("z")]), (inner, [Trees.At("n")]));

        Assert.Equal("n/y", Assert.Single(group.Subgroup<FormatException>()!.OriginsOf(format)).ToString());
    }

    [Fact]
    public void Exceptions_InGroups_AreNotWrittenTo()
    {
        FormatException leaf = new("x");
        ExceptionGroup group = Trees.Group("g", null, (leaf, [Trees.At("a")]));

        _ = Failure.From(group).ToException();
        _ = group.ToString();

        Assert.Empty(leaf.Data);
        Assert.Null(leaf.StackTrace);
    }

    [Fact]
    public void FailureOrigin_Equality_ComparesPathsByName()
    {
        Assert.Equal(Trees.At("a", "b"), Trees.At("a", "b"));
        Assert.Equal(Trees.At("a", "b").GetHashCode(), Trees.At("a", "b").GetHashCode());
        Assert.NotEqual(Trees.At("a", "b"), Trees.At("a", "c"));
    }
}
