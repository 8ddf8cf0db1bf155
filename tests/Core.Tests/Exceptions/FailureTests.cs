using System.Collections;
using System.Reflection;

namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E5")]
public sealed class FailureTests
{
    [Fact]
    public void From_Exception_HasNamesMessageStackDataAndInner()
    {
        FileNotFoundException exception = Trees.Thrown(new FileNotFoundException("gone", new IOException("disk")));
        exception.Data["key"] = 5;

        var failure = Failure.From(exception);

        Assert.Equal("System.IO.FileNotFoundException", failure.TypeName);
        Assert.Equal("System.IO.IOException System.SystemException System.Exception", string.Join(' ', failure.BaseTypeNames));
        Assert.Equal("gone", failure.Message);
        Assert.Contains(nameof(Trees.Thrown), failure.StackTrace, StringComparison.Ordinal);
        Assert.Equal("5", failure.Data["key"]);
        Assert.Equal("disk", Assert.Single(failure.Inner).Message);
        Assert.False(failure.IsGroup);
        Assert.Equal("System.IO.FileNotFoundException: gone", failure.ToString());
    }

    [Fact]
    public void From_MembersThatThrow_SaysSoInTheText()
    {
        var failure = Failure.From(new HostileException());

        Assert.Equal("<Message threw InvalidOperationException: no message>", failure.Message);
        Assert.Equal("<StackTrace threw InvalidOperationException: no stack>", failure.StackTrace);
        Assert.Equal("<Data threw InvalidOperationException: no data>", failure.Data["<Data>"]);
        Assert.Equal(failure, Failure.FromJson(failure.ToJson()));
        ExceptionGroup group = new("g", [new HostileException()]);
        Assert.Contains("<Message threw", group.ToString(), StringComparison.Ordinal);
        Assert.NotNull(Failure.From(group).ToException().ToString());
    }

    [Fact]
    public void From_MessageWhoseErrorThrowsToo_KeepsTheType() =>
        Assert.Equal("<Message threw WorseException>", Failure.From(new WorseException()).Message);

    [Fact]
    public void From_NullMessage_IsEmpty() => Assert.Equal("", Failure.From(new NullMessageException()).Message);

    [Fact]
    public void From_OddData_BecomesText()
    {
        FormatException exception = new("x");
        exception.Data[1] = "number";
        exception.Data["1"] = "text";
        exception.Data["null"] = null;
        exception.Data["throws"] = new ThrowingValue();
        exception.Data["time"] = 1.5;

        IReadOnlyDictionary<string, string> data = Failure.From(exception).Data;

        Assert.Equal("text", data["1"]);
        Assert.Equal("", data["null"]);
        Assert.Equal("<ToString threw InvalidOperationException: no text>", data["throws"]);
        Assert.Equal("1.5", data["time"]);
    }

    [Fact]
    public void From_RingOfInnerExceptions_IsCutWithAMark()
    {
        FormatException first = new("first", new IOException("second", new TimeoutException("third")));
        typeof(Exception).GetField("_innerException",
            BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(first.InnerException!.InnerException, first);

        var failure = Failure.From(first);

        Assert.StartsWith("<cut: this exception is already above", failure.Inner[0].Inner[0].Inner[0].Message, StringComparison.Ordinal);
        Assert.Equal(failure, Failure.From(new ExceptionGroup("g", [first])).Inner[0]);
        Assert.NotNull(new ExceptionGroup("g", [first]).ToString());
        Assert.NotNull(failure.ToException());
    }

    [Fact]
    public void From_RingThroughAGroup_IsCutWithAMark()
    {
        FormatException leaf = new("leaf", new IOException());
        ExceptionGroup group = new("g", [leaf, new TimeoutException()]);
        typeof(Exception).GetField("_innerException", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(leaf, group);

        Assert.StartsWith("<cut: ", Failure.From(group).Inner[0].Inner[0].Message, StringComparison.Ordinal);
        Assert.NotNull(group.ToString());
    }

    [Fact]
    public void From_LongChain_IsCutWithAMark()
    {
        Exception exception = new FormatException("0");
        for (int i = 0; i < 5_000; i++) exception = new IOException("x", exception);

        var failure = Failure.From(exception);
        int depth = 0;
        for (Failure at = failure; at.Inner.Count > 0; at = at.Inner[0]) depth++;

        Assert.Equal(Failure.MaxInnerDepth + 1, depth);
        Assert.Contains("<cut: more than 32", Deepest(failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_LongTexts_AreCutOnceAndSaySo()
    {
        FormatException exception = new(new string('m', Failure.MaxMessageLength + 1));
        exception.Data["d"] = new string('d', 100_000);
        for (int i = 0; i < 100; i++) exception.Data["k" + i] = i;

        var failure = Failure.From(exception);

        Assert.Equal(Failure.MaxMessageLength, failure.Message.Length);
        Assert.EndsWith("… <cut: 32769 characters>", failure.Message, StringComparison.Ordinal);
        Assert.Equal(Failure.MaxDataValueLength, failure.Data["d"].Length);
        Assert.Equal("<cut: 37 more entries>", failure.Data["…"]);
        Assert.Equal(failure.Message, Failure.From(failure.ToException()).Message);
    }

    [Fact]
    public void From_CutInsideASurrogatePair_LeavesNoHalf()
    {
        string message = string.Concat(Enumerable.Repeat("😀", Failure.MaxMessageLength));

        Assert.DoesNotContain('\uFFFD', Failure.FromJson(Failure.From(new FormatException(message)).ToJson()).Message);
        Assert.DoesNotContain('\uFFFD', Failure.FromJson(Failure.From(new FormatException("x" + message)).ToJson()).Message);
    }

    [Fact]
    public void From_Groups_KeepTitleOriginsCauseAndNesting()
    {
        CancellationCause cause = new(CancellationCauseKind.SiblingFailed, null, "a", default);
        ExceptionGroup group = Trees.Group("g", cause, (new AggregateException("plain", new IOException("1")), [Trees.At("a")]),
            (new OmittedFailures("X.Y", ["X"], 4), []));

        var failure = Failure.From(group);

        Assert.True(failure.IsGroup);
        Assert.Equal("g", failure.Message);
        Assert.Same(cause, failure.Cause);
        Assert.Equal("plain", failure.Inner[0].Message);
        Assert.Equal("a", failure.Inner[0].Origins[0].ToString());
        Assert.Equal(("X.Y", 4), (failure.Inner[1].TypeName, failure.Inner[1].OmittedCount));
    }

    [Fact]
    public void ToException_FromRestored_IsTheSameFailure()
    {
        CancellationCause cause = new(CancellationCauseKind.ParentCancelled, "r", "b", default)
        {
            Parent = new(CancellationCauseKind.Requested, null, null, default),
        };
        Exception thrown = Trees.Thrown(new ExceptionGroup("in", [Trees.Thrown(new FormatException("1", new TimeoutException("2"))),
            Trees.Remote("X.Y", "3")]));
        ExceptionGroup group = Trees.Group("g", cause, (thrown, [Trees.At("a")]), (Trees.Thrown(new CustomException("4")),
            [Trees.At("b")]));
        var failure = Failure.From(group);

        Assert.Equal(failure, Failure.From(failure.ToException()));
    }

    [Fact]
    public void Depth_ThousandGroups_SurvivesEverything()
    {
        ExceptionGroup deep = Trees.Deep(1_000);

        var failure = Failure.FromJson(Failure.From(deep).ToJson());
        var restored = Assert.IsType<ExceptionGroup>(failure.ToException());

        Assert.Equal(Failure.From(deep), failure);
        Assert.Equal(1_001, restored.LeafCount);
        Assert.True(Trees.Paths(restored) == Trees.Paths(deep), "the paths differ");
        Assert.NotNull(restored.ToString());
        Assert.NotNull(restored.Message);
        Assert.Equal(1_001, restored.Flatten().InnerExceptions.Count);
        Assert.Equal(5, FailureBounds.Bound(restored, 5).Leaves.Count(leaf => leaf.Exception is not OmittedFailures));
    }

    [Fact]
    public void Depth_ThousandPlainAggregates_SurvivesEverything()
    {
        Exception exception = new FormatException("x");
        for (int i = 0; i < 1_000; i++) exception = new AggregateException("level", exception, new IOException());
        var group = ExceptionGroup.From(exception);

        Assert.Equal(1_001, Failure.From(group).ToException() is ExceptionGroup restored ? restored.LeafCount : 0);
        Assert.NotNull(group.ToString());
        Assert.NotNull(group.Split<FormatException>().Matched);
    }

    private static Failure Deepest(Failure failure)
    {
        while (failure.Inner.Count > 0) failure = failure.Inner[0];
        return failure;
    }

    private sealed class HostileException : Exception
    {
        public override string Message => throw new InvalidOperationException("no message");

        public override string StackTrace => throw new InvalidOperationException("no stack");

        public override IDictionary Data => throw new InvalidOperationException("no data");

        public override string ToString() => throw new InvalidOperationException("no text");
    }

    private sealed class WorseException : Exception
    {
        public override string Message => throw new WorseException();
    }

    private sealed class NullMessageException : Exception
    {
        public override string Message => null!;
    }

    private sealed class ThrowingValue
    {
        public override string ToString() => throw new InvalidOperationException("no text");
    }
}
