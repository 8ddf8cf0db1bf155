using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;

namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E1")]
public sealed class ExceptionGroupTests
{
    [Fact]
    public void Message_SeveralTypes_CountsThemWithoutTheirMessages()
    {
        ExceptionGroup group = new("tools", [new FormatException("secret"), new IOException("secret"),
            new ExceptionGroup("in", [new FormatException("secret")])]);

        Assert.Equal("tools (3 failures: 2 FormatException, 1 IOException)", group.Message);
        Assert.Equal("tools", group.Title);
    }

    [Fact]
    public void Message_OneFailure_NamesItsType() =>
        Assert.Equal("tools (1 failure: FormatException)", new ExceptionGroup("tools", [new FormatException()]).Message);

    [Fact]
    public void Message_WithoutTitle_IsTheCounts() =>
        Assert.Equal("2 failures: 2 FormatException", new ExceptionGroup("", [new FormatException(), new FormatException()]).Message);

    [Fact]
    public void Message_ManyTypesAndStandIns_StaysShortAndCountsAll()
    {
        ExceptionGroup group = new(
            "g",
            [
                new FormatException(), new IOException(), new TimeoutException(), new InvalidCastException(), new RankException(),
                Trees.Remote("Far.Away.DiskException", "x"), new OmittedFailures("System.FormatException", [], 7),
            ]);

        Assert.Equal("g (13 failures: 8 FormatException, 1 IOException, 1 TimeoutException, 1 InvalidCastException, … 2 more types)",
            group.Message);
    }

    [Fact]
    public void Constructor_Empty_IsRefused() => Assert.Throws<ArgumentException>(() => new ExceptionGroup("g", []));

    [Fact]
    public void Constructor_WithNull_IsRefused() => Assert.Throws<ArgumentException>(() => new ExceptionGroup("g", [null!]));

    [Fact]
    public void Constructor_ListChangedLater_GroupStays()
    {
        List<Exception> list = [new FormatException()];
        ExceptionGroup group = new("g", list);
        list.Clear();

        Assert.Single(group.InnerExceptions);
    }

    [Fact]
    public void DebuggerDisplay_IsTheMessage() =>
        Assert.Equal("{Message,nq}", typeof(ExceptionGroup).GetCustomAttribute<DebuggerDisplayAttribute>(inherit: false)!.Value);

    [Fact]
    public void Handle_IsHiddenAndAnError()
    {
        MethodInfo handle = typeof(ExceptionGroup).GetMethod("Handle",
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)!;

        Assert.True(handle.GetCustomAttribute<ObsoleteAttribute>()!.IsError);
        Assert.Equal(EditorBrowsableState.Never, handle.GetCustomAttribute<EditorBrowsableAttribute>()!.State);
    }

    [Fact]
    public void Flatten_Nested_KeepsOrderPathsAndMergesRepetitions()
    {
        FormatException shared = new("shared");
        ExceptionGroup inner = Trees.Group(
            "inner", null, (shared, [Trees.At("x")]), (new OmittedFailures("System.FormatException", [], 2), []));
        CancellationCause cause = new(CancellationCauseKind.SiblingFailed, null, "a", default);
        ExceptionGroup group = Trees.Group(
            "outer", cause, (inner, [Trees.At("a")]), (shared, [Trees.At("b")]), (new AggregateException(new IOException("io")),
                [Trees.At("c")]),
            (new OmittedFailures("System.FormatException", [], 3), []));

        ExceptionGroup flat = group.Flatten();

        Assert.Equal("[shared, io, 5 more]", Trees.Shape(flat));
        Assert.Equal("a/x|b", string.Join('|', flat.OriginsOf(shared)));
        Assert.Equal("outer", flat.Title);
        Assert.Same(cause, flat.Cause);
        Assert.Same(flat, flat.Flatten());
    }

    [Fact]
    public async Task From_WaitAndTaskException_GivesTheGroupInside()
    {
        ExceptionGroup group = new("g", [new FormatException()]);
        var failed = Task.FromException(group);
        await Assert.ThrowsAsync<ExceptionGroup>(() => failed);

        Assert.Same(group, ExceptionGroup.From(failed.Exception!));
        Assert.Same(group, ExceptionGroup.From(new AggregateException(new AggregateException(group))));
        Assert.Same(group, ExceptionGroup.From(group));
    }

    [Fact]
    public void From_PlainAggregate_KeepsNestingTitleAndStack()
    {
        AggregateException plain = Trees.Thrown(new AggregateException("title", new FormatException("1"),
            new AggregateException(new IOException("2"))));

        var group = ExceptionGroup.From(plain);

        Assert.Equal("[1, [2]]", Trees.Shape(group));
        Assert.Equal("title", group.Title);
        Assert.Equal("title (2 failures: 1 FormatException, 1 IOException)", group.Message);
        Assert.Contains(nameof(Trees.Thrown), group.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void From_PlainAggregateOfOneNakedException_IsAGroupOfOne() =>
        Assert.Equal("[1]", Trees.Shape(ExceptionGroup.From(new AggregateException(new FormatException("1")))));

    [Fact]
    public void From_Naked_IsAGroupOfOne()
    {
        FormatException naked = new("1");

        Assert.Same(naked, Assert.Single(ExceptionGroup.From(naked).InnerExceptions));
        Assert.Equal("1 failure: FormatException", ExceptionGroup.From(naked).Message);
    }

    [Fact]
    public void EmptyPlainAggregate_InsideAGroup_IsALeaf()
    {
        ExceptionGroup group = new("g", [new AggregateException("nothing inside"), new FormatException()]);

        Assert.Equal(2, group.LeafCount);
        Assert.Equal("System.AggregateException", group.CountByType().Keys.First());
    }

    [Fact]
    public void CountByType_StandIns_CountUnderTheirRemoteNames()
    {
        ExceptionGroup group = new(
            "g",
            [
                new FormatException(), new AggregateException(new FormatException()), Trees.Remote("Far.Away.DiskException", "x"),
                new OmittedFailures("Far.Away.DiskException", [], 4), new OmittedFailures("System.FormatException", [], 5),
            ]);

        Assert.Equal(12, group.LeafCount);
        Assert.Equal(7, group.CountByType()["System.FormatException"]);
        Assert.Equal(5, group.CountByType()["Far.Away.DiskException"]);
        Assert.Equal(2, group.CountByType().Count);
    }

    [Fact]
    public void Contains_InAFilter_LooksAtLeavesAndStandIns()
    {
        ExceptionGroup group = new("g", [new AggregateException(new FileNotFoundException()),
            Trees.Remote("X.Y", "x", "System.FormatException")]);

        Assert.True(group.Contains<IOException>());
        Assert.True(group.Contains<FormatException>());
        Assert.True(group.Contains<Exception>());
        Assert.False(group.Contains<TimeoutException>());
    }
}
