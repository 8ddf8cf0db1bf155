using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;

namespace Sheaf.Core.Tests.Exceptions;

/// <summary>A failure is bounded as a whole: each of its leaves is, and a hundred of those are still too much for a message.</summary>
[Trait("Rule", "E7")]
public sealed class FailureBudgetTests
{
    [Fact]
    public void From_ExceptionAtAllItsOwnBounds_IsKeptWhole()
    {
        var failure = Failure.From(Large(1, Failure.MaxMessageLength, Failure.MaxStackTraceLength, Failure.MaxDataEntries, 'x'));

        Assert.Equal(Failure.MaxMessageLength, failure.Message.Length);
        Assert.Equal(Failure.MaxStackTraceLength, failure.StackTrace!.Length);
        Assert.All(failure.Data.Values, value => Assert.Equal(Failure.MaxDataValueLength, value.Length));
        Assert.DoesNotContain("<cut:", failure.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void From_JustWithinTheBudget_IsTheSameTextAsBefore()
    {
        ExceptionGroup group = new("g", [.. Enumerable.Range(0, 100).Select(i => Large(i, 2_000, 4_000, 1, 'x', data: 1_500))]);

        Assert.Equal(FailureCapture.Capture(group).ToJson(), Failure.From(group).ToJson());
    }

    [Theory]
    [InlineData('x')]
    [InlineData('错')]
    [InlineData('"')]
    public void From_AHundredLargeLeaves_IsWithinTheBudgetWithAllTypesAndCounts(char character)
    {
        ExceptionGroup group = new("g", [.. Enumerable.Range(0, 100).Select(i => Large(i, Failure.MaxMessageLength, Failure.MaxStackTraceLength, Failure.MaxDataEntries, character))]);
        ExceptionGroup bounded = FailureBounds.Bound(new ExceptionGroup("g", [.. group.InnerExceptions, .. Enumerable.Range(0, 900).Select(_ => new TimeoutException())]), 100);

        var failure = Failure.From(bounded);

        Assert.InRange(Characters(failure), Failure.MaxCharacters / 2, Failure.MaxCharacters);
        Assert.InRange(failure.ToJson().Length, 1, 7 * Failure.MaxCharacters);
        Assert.Equal(1000, failure.Inner.Sum(leaf => Math.Max(1, leaf.OmittedCount)));
        Assert.Equal(["System.FormatException", "System.IO.IOException", "System.TimeoutException"], failure.Inner.Select(leaf => leaf.TypeName).Distinct().Order(StringComparer.Ordinal));
        Assert.All(failure.Inner.Where(leaf => leaf.OmittedCount == 0 && leaf.TypeName != "System.TimeoutException"), leaf =>
        {
            Assert.EndsWith($"… <cut: {Failure.MaxMessageLength} characters>", leaf.Message, StringComparison.Ordinal);
            Assert.EndsWith($"… <cut: {Failure.MaxStackTraceLength} characters>", leaf.StackTrace, StringComparison.Ordinal);
            Assert.Equal("<cut: 64 more entries>", Assert.Single(leaf.Data).Value);
            Assert.InRange(leaf.Message.Length, 2_000, 2_048);
        });
    }

    [Fact]
    public void From_LongMessagesAlone_ShareTheWholeBudget()
    {
        ExceptionGroup group = new("g", [new FormatException("short"), .. Enumerable.Range(0, 50).Select(i => Large(i, Failure.MaxMessageLength, 0, 0, 'x'))]);

        var failure = Failure.From(group);

        Assert.Equal("short", failure.Inner[0].Message);
        Assert.InRange(failure.Inner[1].Message.Length, 15_000, 16_000);
        Assert.InRange(Characters(failure), 0.98 * Failure.MaxCharacters, Failure.MaxCharacters);
    }

    [Fact]
    public void From_OneStackForAll_CountsOnce()
    {
        ExceptionGroup group = new("g", [.. Enumerable.Range(0, 100).Select(_ => Large(7, 100, Failure.MaxStackTraceLength, 0, 'x'))]);

        var failure = Failure.From(group);

        Assert.All(failure.Inner, leaf => Assert.Equal(Failure.MaxStackTraceLength, leaf.StackTrace!.Length));
    }

    [Fact]
    public void From_DataOfMany_KeepsTheFirstEntriesAndCountsTheRest()
    {
        ExceptionGroup group = new("g", [.. Enumerable.Range(0, 20).Select(i => Large(i, 10, 10, 100, 'x'))]);

        Failure leaf = Failure.From(group).Inner[3];

        // Four whole ones, a part of the next, and the mark: 64 were kept of each leaf before.
        Assert.Equal(["k0", "k1", "k2", "k3", "k4"], leaf.Data.Keys.Take(5));
        Assert.Equal(Failure.MaxDataValueLength, leaf.Data["k3"].Length);
        Assert.Contains("<cut: 8192 characters>", leaf.Data["k4"], StringComparison.Ordinal);
        Assert.Equal("<cut: 59 more entries>, <cut: 36 more entries>", leaf.Data["…"]);
    }

    [Fact]
    public void From_LongNamesAndReasons_AreShortened()
    {
        string name = new('n', 100_000);
        CancellationCause cause = new(CancellationCauseKind.ParentCancelled, new string('r', 500_000), name, default) { Parent = new(CancellationCauseKind.Requested, new string('p', 500_000), null, default) };
        Children children = new();
        for (int i = 0; i < 20; i++) children.Add(new FormatException("x"), [new FailureOrigin { Path = [name, "c"], WorkflowId = name, Worker = name }]);

        var failure = Failure.From(new ExceptionGroup("g", children, cause));

        Assert.InRange(Characters(failure), 1, Failure.MaxCharacters);
        Assert.Equal(256, failure.Inner[0].Origins[0].Path[0].Length);
        Assert.Equal("c", failure.Inner[0].Origins[0].Path[1]);
        Assert.Equal((256, 256), (failure.Cause!.Reason!.Length, failure.Cause.Parent!.Reason!.Length));
    }

    [Fact]
    public void From_Twice_IsTheSameAndIsNotCutAgain()
    {
        ExceptionGroup group = new("g", [.. Enumerable.Range(0, 300).Select(i => Large(i, 5_000, 9_000, 3, 'x'))]);

        var failure = Failure.From(group);

        Assert.Equal(failure.ToJson(), Failure.From(group).ToJson());
        Assert.Equal(failure.ToJson(), Failure.From(failure.ToException()).ToJson());
        Assert.Equal(failure, Failure.FromJson(failure.ToJson()));
    }

    [Fact]
    public void From_DeepNesting_KeepsItsShape()
    {
        Exception exception = Large(1, Failure.MaxMessageLength, Failure.MaxStackTraceLength, 64, 'x');
        for (int i = 0; i < 10_000; i++) exception = new ExceptionGroup("group " + i, [exception, Large(i, 200, 0, 0, 'x')]);

        var failure = Failure.From(exception);

        int depth = 0;
        for (Failure at = failure; at.Inner.Count > 0; at = at.Inner[0]) depth++;
        Assert.Equal(10_000, depth);
        Assert.InRange(Characters(failure), 1, 2 * Failure.MaxCharacters);
    }

    [Theory]
    [InlineData('x', 100)]
    [InlineData('错', 10)]
    [InlineData('\u0001', 3)]
    [InlineData('\\', 1)]
    public void Weight_OfAFailure_IsNotLessThanItsText(char character, int leaves)
    {
        Children children = new();
        for (int i = 0; i < leaves; i++) children.Add(Large(i, 300, 500, 2, character), [Trees.At("a", "b") with { WorkflowId = "w", Silo = "s", StartedAt = DateTimeOffset.MaxValue, EndedAt = DateTimeOffset.MaxValue, TraceId = new string('0', 32) }]);
        var failure = Failure.From(new ExceptionGroup("g", children, new(CancellationCauseKind.SiblingFailed, null, "a", default)));
        int bytes = Encoding.UTF8.GetByteCount(FailureJsonWriter.Write(failure, relaxed: true));

        Assert.InRange(FailureWeight.Of(failure), bytes, 4 * bytes);
    }

    [Fact]
    public void Write_Relaxed_SaysTheSameInFewerBytes()
    {
        var failure = Failure.From(new FormatException("错 <b> \" \\ \u0001 \ud800 😀"));

        string relaxed = FailureJsonWriter.Write(failure, relaxed: true);

        Assert.Equal(Failure.FromJson(failure.ToJson()), Failure.FromJson(relaxed));
        Assert.Contains("错 <b>", relaxed, StringComparison.Ordinal);
    }

    private static Exception Large(int number, int message, int stack, int entries, char character, int data = Failure.MaxDataValueLength)
    {
        string text = number.ToString(CultureInfo.InvariantCulture).PadRight(message, character)[..message];
        Exception exception = number % 2 == 0 ? new FormatException(text) : new IOException(text);
        for (int i = 0; i < entries; i++) exception.Data["k" + i] = new string(character, data);
        return stack == 0 ? exception : WithStack(exception, number.ToString(CultureInfo.InvariantCulture).PadRight(stack, character));
    }

    private static Exception WithStack(Exception exception, string stack) => ExceptionDispatchInfo.SetRemoteStackTrace(exception, stack);

    private static long Characters(Failure failure)
    {
        List<Failure> nodes = FailureBudget.NodesOf(failure);
        return nodes.Sum(node => (long)node.Message.Length + node.Data.Sum(entry => entry.Key.Length + entry.Value.Length) + node.Origins.Sum(origin => origin.Path.Sum(name => name.Length)))
            + nodes.Select(node => node.StackTrace).Distinct(StringComparer.Ordinal).Sum(stack => stack?.Length ?? 0);
    }
}
