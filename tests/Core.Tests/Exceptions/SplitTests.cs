using FsCheck;
using FsCheck.Fluent;

namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E2")]
public sealed class SplitTests
{
    private readonly ExceptionGroup _group = new(
        "g", [new FormatException("1"), new ExceptionGroup("h", [new IOException("2"), new FileNotFoundException("3")]),
            new AggregateException(new FormatException("4"), new IOException("5"))]);

    [Fact]
    public void Split_ByType_KeepsNestingDropsEmptyGroupsKeepsGroupsOfOne()
    {
        (ExceptionGroup? matched, ExceptionGroup? rest) = _group.Split<FormatException>();

        Assert.Equal("[1, [4]]", Trees.Shape(matched));
        Assert.Equal("[[2, 3], [5]]", Trees.Shape(rest));
        Assert.Same(_group.InnerExceptions[1], rest!.InnerExceptions[0]);
    }

    [Fact]
    public void Split_Subtypes_Match() => Assert.Equal("[[2, 3], [5]]", Trees.Shape(_group.Subgroup<IOException>()));

    [Fact]
    public void Split_All_ReturnsTheSameInstance()
    {
        ExceptionGroupSplit split = _group.Split<Exception>();

        Assert.Same(_group, split.Matched);
        Assert.Null(split.Rest);
    }

    [Fact]
    public void Split_None_ReturnsTheSameInstanceAsRest()
    {
        ExceptionGroupSplit split = _group.Split<TimeoutException>();

        Assert.Null(split.Matched);
        Assert.Same(_group, split.Rest);
    }

    [Fact]
    public void Split_Predicate_SeesEachLeafOnceInOrderAndNothingElse()
    {
        List<Exception> seen = [];
        ExceptionGroup group = new("g", [_group, new OmittedFailures("System.FormatException", [], 2)]);

        (ExceptionGroup? matched, ExceptionGroup? rest) = group.Split(leaf =>
        {
            seen.Add(leaf);
            return true;
        });

        Assert.Equal("12345", string.Concat(seen.Select(leaf => leaf.Message)));
        Assert.Equal("[[1, [2, 3], [4, 5]]]", Trees.Shape(matched));
        Assert.Equal("[2 more]", Trees.Shape(rest));
    }

    [Fact]
    public void Split_PredicateThrows_PropagatesAndChangesNothing()
    {
        Assert.Throws<TimeoutException>(() => _group.Split(leaf => leaf.Message == "3" ? throw new TimeoutException() : true));
        Assert.Equal("[1, [2, 3], [4, 5]]", Trees.Shape(_group));
    }

    [Fact]
    public void Split_Part_KeepsTitleCauseAndStack()
    {
        CancellationCause cause = new(CancellationCauseKind.Requested, "why", "who", default);
        ExceptionGroup inner = Trees.Thrown(Trees.Group("inner", cause, (new IOException("1"), []), (new FormatException("2"), [])));
        ExceptionGroup group = Trees.Thrown(new ExceptionGroup("outer", [inner]));

        ExceptionGroup part = group.Subgroup<IOException>()!;
        ExceptionGroup innerPart = Assert.IsType<ExceptionGroup>(part.InnerExceptions[0]);

        Assert.Equal(("outer", "inner"), (part.Title, innerPart.Title));
        Assert.Same(cause, innerPart.Cause);
        Assert.Contains(nameof(Trees.Thrown), part.StackTrace, StringComparison.Ordinal);
        Assert.Contains(nameof(Trees.Thrown), innerPart.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void Split_PartOfAPart_DoesNotPileUpStackMarkers()
    {
        ExceptionGroup group = Trees.Thrown(new ExceptionGroup("g", [new IOException("1"), new FormatException("2"),
            new TimeoutException("3")]));

        ExceptionGroup once = group.Split<TimeoutException>().Rest!;
        ExceptionGroup twice = once.Split<FormatException>().Rest!;

        Assert.Equal(once.StackTrace, twice.StackTrace);
    }

    [Fact]
    public void Split_Subclass_IsKeptByDerive()
    {
        ExceptionGroup group = new MyGroup("g", [new MyGroup("h", [new IOException(), new FormatException()], 2), new IOException()], 1);

        var part = Assert.IsType<MyGroup>(group.Subgroup<IOException>());

        Assert.Equal(1, part.Number);
        Assert.Equal(2, Assert.IsType<MyGroup>(part.InnerExceptions[0]).Number);
    }

    [Fact]
    public void Split_DeriveThatLosesExceptions_IsRefusedWithTheReason()
    {
        LossyGroup group = new("g", [new IOException(), new FormatException(), new FormatException()]);

        var error = Assert.Throws<InvalidOperationException>(() => group.Split<FormatException>());
        Assert.Contains("Derive", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Split_AggregateType_IsRefusedWithWhyAndWhatToDo()
    {
        var error = Assert.Throws<ArgumentException>(() => _group.Split<AggregateException>());

        Assert.Contains("never a leaf", error.Message, StringComparison.Ordinal);
        Assert.Contains("catch (ExceptionGroup)", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _group.Split<ExceptionGroup>());
        Assert.Throws<ArgumentException>(() => _group.Subgroup<MyGroup>());
        Assert.Throws<ArgumentException>(() => _group.Contains<AggregateException>());
        Assert.Throws<ArgumentException>(() => _group.Sift().Take<IOException, AggregateException>());
    }

    [Fact]
    [Trait("Rule", "E6")]
    public void Split_Remote_MatchesByTypeNameAndBaseTypeNames()
    {
        ExceptionGroup group = new("g", [Trees.Remote("System.IO.SpecialException", "1", "System.IO.IOException"),
            Trees.Remote(typeof(CustomException).FullName!, "2"), Trees.Remote("Other", "3")]);

        Assert.Equal("[1]", Trees.Shape(group.Subgroup<IOException>()));
        Assert.Equal("[2]", Trees.Shape(group.Subgroup<CustomException>()));
        Assert.Same(group, group.Subgroup<RemoteException>());
        Assert.Same(group, group.Subgroup<Exception>());
    }

    [Fact]
    [Trait("Rule", "E7")]
    public void Split_Omitted_MatchesByItsTypeChain()
    {
        ExceptionGroup group = new("g",
            [new OmittedFailures("System.IO.FileNotFoundException", ["System.IO.IOException", "System.SystemException",
            "System.Exception"], 3)]);

        Assert.Same(group, group.Subgroup<FileNotFoundException>());
        Assert.Same(group, group.Subgroup<IOException>());
        Assert.Same(group, group.Subgroup<Exception>());
        Assert.Null(group.Subgroup<FormatException>());
        Assert.Null(group.Subgroup(_ => true));
    }

    [Fact]
    public void Split_GenericExceptionType_MatchesAcrossVersions()
    {
        string name = Failure.From(new GenericException<int>()).TypeName;

        Assert.DoesNotContain("Version=", name, StringComparison.Ordinal);
        Assert.NotNull(new ExceptionGroup("g", [Trees.Remote(name, "x")]).Subgroup<GenericException<int>>());
    }

    [Fact]
    public void Split_ThousandLevels_DoesNotRecurse()
    {
        ExceptionGroup deep = Trees.Deep(1_000);

        (ExceptionGroup? matched, ExceptionGroup? rest) = deep.Split<FormatException>();

        Assert.Equal(1, matched!.LeafCount);
        Assert.Equal(1_000, rest!.LeafCount);
        Assert.Equal(1_000, Assert.Single(Assert.Single(matched.Leaves).Origins).Path.Count);
    }

    [Fact]
    public void Split_RandomTrees_PartitionsLeavesInOrder() => Prop.ForAll(Trees.Arbitrary, spec =>
    {
        ExceptionGroup group = Trees.Build(spec);
        (ExceptionGroup? matched, ExceptionGroup? rest) = group.Split<IOException>();
        HashSet<Exception> inMatched = new(Trees.LeavesOf(matched), ReferenceEqualityComparer.Instance);

        return Trees.LeavesOf(group).Where(inMatched.Contains).SequenceEqual(Trees.LeavesOf(matched))
            && Trees.LeavesOf(group).Where(leaf => !inMatched.Contains(leaf)).SequenceEqual(Trees.LeavesOf(rest))
            && Trees.LeavesOf(matched).All(leaf => leaf is IOException or RemoteException)
            && !Trees.LeavesOf(rest).Any(leaf => leaf is IOException or RemoteException)
            && (matched?.LeafCount ?? 0) + (rest?.LeafCount ?? 0) == group.LeafCount;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Split_RandomTrees_BothHalvesHaveTheShapeAndOriginsOfTheWhole() => Prop.ForAll(Trees.Arbitrary, spec =>
    {
        ExceptionGroup group = Trees.Build(spec);
        ExceptionGroupSplit split = group.Split(leaf => leaf.Message.Length % 2 == 1 && leaf is not FormatException);

        return new[] { split.Matched, split.Rest }.All(half =>
        {
            HashSet<Exception> leaves = new(Trees.LeavesOf(half), ReferenceEqualityComparer.Instance);
            return Filtered(group, leaves) == (half is null ? "" : Trees.Shape(half))
                && (half is null || half.Leaves.All(leaf => leaf.Origins.SequenceEqual(group.OriginsOf(leaf.Exception))));
        });
    }).QuickCheckThrowOnFailure();

    private static string Filtered(Exception exception, HashSet<Exception> keep)
    {
        if (exception is not AggregateException group) return keep.Contains(exception) ? Trees.Shape(exception) : "";
        string[] inner = [.. group.InnerExceptions.Select(child => Filtered(child, keep)).Where(text => text.Length > 0)];
        return inner.Length == 0 ? "" : $"[{string.Join(", ", inner)}]";
    }

    private sealed class GenericException<T> : Exception
    {
        public T? Value { get; init; }
    }

    private sealed class MyGroup(string message, IEnumerable<Exception> exceptions, int number) : ExceptionGroup(message, exceptions)
    {
        internal int Number { get; } = number;

        protected override ExceptionGroup Derive(string message, IReadOnlyList<Exception> exceptions) =>
            new MyGroup(message, exceptions, Number);
    }

    private sealed class LossyGroup(string message, IEnumerable<Exception> exceptions) : ExceptionGroup(message, exceptions)
    {
        protected override ExceptionGroup Derive(string message, IReadOnlyList<Exception> exceptions) =>
            new(message, [exceptions[0], new IOException()]);
    }
}
