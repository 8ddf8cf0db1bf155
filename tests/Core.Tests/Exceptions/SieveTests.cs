using FsCheck;
using FsCheck.Fluent;

namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E3")]
public sealed class SieveTests
{
    [Fact]
    public void Take_EachLeafOnce_FirstMatchWins()
    {
        Sieve rest = new ExceptionGroup("g", [new FileNotFoundException("1"),
            new ExceptionGroup("h", [new IOException("2"), new FormatException("3")]), new TimeoutException("4")]).Sift();

        Assert.Equal("[1]", Trees.Shape(rest.Take<FileNotFoundException>()));
        Assert.Equal("[[2]]", Trees.Shape(rest.Take<IOException>()));
        Assert.Null(rest.Take<IOException>());
        Assert.Equal("[[3], 4]", Trees.Shape(rest.Rest));
        Assert.Equal("[[3], 4]", Trees.Shape(rest.Take<FormatException, TimeoutException>()));
        Assert.Null(rest.Rest);
        Assert.Null(rest.Take<Exception>());
        rest.ThrowIfAny();
    }

    [Fact]
    public void Take_ThreeTypesAndPredicates_TakeTogether()
    {
        ExceptionGroup group = new("g", [new FormatException("1"), new IOException("2"), new TimeoutException("3"),
            new RankException("4")]);

        Assert.Equal("[1, 2, 3]", Trees.Shape(group.Sift().Take<FormatException, IOException, TimeoutException>()));
        Assert.Equal("[4]", Trees.Shape(group.Sift().Take(leaf => leaf.Message == "4")));
    }

    [Fact]
    public void ThrowIfAny_NothingTaken_ThrowsTheOriginalWithItsStack()
    {
        ExceptionGroup group = Trees.Thrown(new ExceptionGroup("g", [new FormatException("1")]));
        Sieve rest = group.Sift();
        _ = rest.Take<IOException>();

        Assert.Same(group, Assert.Throws<ExceptionGroup>(rest.ThrowIfAny));
        Assert.Contains(nameof(Trees.Thrown), group.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void ThrowIfAny_PartTaken_ThrowsTheRestInItsOwnShapeWithTheStack()
    {
        ExceptionGroup group = Trees.Thrown(new ExceptionGroup("g",
            [new ExceptionGroup("h", [new FormatException("1"), new IOException("2")]), new TimeoutException("3")]));
        Sieve rest = group.Sift();
        _ = rest.Take<FormatException>();

        var thrown = Assert.Throws<ExceptionGroup>(rest.ThrowIfAny);

        Assert.Equal("[[2], 3]", Trees.Shape(thrown));
        Assert.Equal("g", thrown.Title);
        Assert.Contains(nameof(Trees.Thrown), thrown.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void Sift_Naked_CountsAsAGroupOfOneAndIsRethrownNaked()
    {
        FormatException naked = Trees.Thrown(new FormatException("1"));
        Sieve rest = naked.Sift();

        Assert.Null(rest.Take<IOException>());
        Assert.Same(naked, Assert.Throws<FormatException>(rest.ThrowIfAny));
        Assert.Contains(nameof(Trees.Thrown), naked.StackTrace, StringComparison.Ordinal);
        Assert.Equal("[1]", Trees.Shape(rest.Take<FormatException>()));
        rest.ThrowIfAny();
    }

    [Fact]
    public void Sift_WrappedGroup_IsSeenThrough()
    {
        AggregateException wrapped = new(new ExceptionGroup("g", [new FormatException("1"), new IOException("2")]));
        Sieve rest = wrapped.Sift();

        Assert.Same(wrapped, Assert.Throws<AggregateException>(rest.ThrowIfAny));
        Assert.Equal("[1]", Trees.Shape(rest.Take<FormatException>()));
        Assert.Equal("[2]", Trees.Shape(Assert.Throws<ExceptionGroup>(rest.ThrowIfAny)));
    }

    [Fact]
    public void Take_PredicateThrows_NothingIsTaken()
    {
        Sieve rest = new ExceptionGroup("g", [new FormatException("1"), new IOException("2")]).Sift();

        Assert.Throws<TimeoutException>(() => rest.Take(leaf => leaf.Message == "2" ? throw new TimeoutException() : true));
        Assert.Equal("[1, 2]", Trees.Shape(rest.Rest));
    }

    [Fact]
    [Trait("Rule", "E7")]
    public void Take_Omitted_IsNotHandledByOmission()
    {
        Sieve rest = new ExceptionGroup("g", [new FormatException("1"), new OmittedFailures("System.FormatException", [], 9),
            new OmittedFailures("System.IO.IOException", [], 2)]).Sift();

        Assert.Equal(10, rest.Take<FormatException>()!.LeafCount);
        Assert.Null(rest.Take(_ => true));
        Assert.Equal(2, rest.Rest!.LeafCount);
    }

    [Fact]
    public void Take_RandomTrees_EveryFailureIsTakenOnceOrLeft() => Prop.ForAll(Trees.Arbitrary, spec =>
    {
        ExceptionGroup group = Trees.Build(spec);
        Sieve rest = group.Sift();
        ExceptionGroup? missing = rest.Take<FileNotFoundException>();
        ExceptionGroup? either = rest.Take<IOException, CustomException>();
        ExceptionGroup? first = rest.Take(leaf => leaf.Message == "1");
        ExceptionGroup?[] parts = [missing, either, first, rest.Rest];

        return parts.Sum(part => part?.LeafCount ?? 0) == group.LeafCount
            && parts.SelectMany(Trees.LeavesOf).ToHashSet(ReferenceEqualityComparer.Instance).SetEquals(Trees.LeavesOf(group));
    }).QuickCheckThrowOnFailure();
}
