namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E8")]
public sealed class TreeTextTests
{
    [Fact]
    public void ToTreeString_Nested_IsALineALeafWithPathTypeAndMessage()
    {
        CancellationCause cause = new(CancellationCauseKind.SiblingFailed, null, "search", default);
        ExceptionGroup deep = Trees.Group("deep", null, (new FormatException("one\ntwo"), [Trees.At("x")]),
            (Trees.Remote("Far.DiskException", "full"), [Trees.At("y"), Trees.At("z")]));
        ExceptionGroup group = Trees.Group(
            "tools", cause, (new IOException("bad"), [Trees.At("search")]), (deep, [Trees.At("calc")]),
                (new AggregateException("plain", new TimeoutException("slow")), []),
                (new OmittedFailures("System.IO.IOException", [], 83), []));

        string expected = """
            tools (87 failures: 84 IOException, 1 FormatException, 1 DiskException, 1 TimeoutException)
            cause: sibling 'search' failed
            ├─ search: System.IO.IOException: bad
            ├─ calc: deep (2 failures: 1 FormatException, 1 DiskException)
            │  ├─ calc/x: System.FormatException: one …
            │  └─ calc/y (and 1 more): Far.DiskException: full
            ├─ #3: plain (1 failure: TimeoutException)
            │  └─ #1: System.TimeoutException: slow
            └─ #4: … and 83 more System.IO.IOException
            """;

        Assert.Equal(expected, group.ToTreeString(), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void ToTreeString_Wide_IsBoundedAndSaysHowManyMore()
    {
        ExceptionGroup group = new("g", Enumerable.Range(0, 103).Select(_ => new IOException(new string('m', 5_000))));

        string[] lines = group.ToTreeString().Split('\n');

        Assert.Equal(22, lines.Length);
        Assert.Equal("└─ … and 83 more", lines[^1].TrimEnd());
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 260));
    }

    [Fact]
    public void ToTreeString_Deep_IsBounded()
    {
        string text = Trees.Deep(1_000).ToTreeString();

        Assert.InRange(text.Split('\n').Length, 8, 30);
        Assert.Contains("deeper", text, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_WideAndDeep_IsBounded()
    {
        Exception Grow(int depth) =>
            depth == 0 ? new IOException() : new ExceptionGroup("g", Enumerable.Range(0, 7).Select(_ => Grow(depth - 1)));

        Assert.InRange(Grow(5).ToString().Split('\n').Length, 100, 1_000);
    }

    [Fact]
    public void ToString_Traces_FollowTheTreeForTheFirstDistinctLeaves()
    {
        FailureOrigin origin = new() { Path = ["search"], Worker = "search/v1", Silo = "s1", Attempt = 3 };
        IOException leaf = Trees.Thrown(new IOException("bad", Trees.Thrown(new TimeoutException("slow"))));
        ExceptionGroup group = Trees.Thrown(Trees.Group("g", null, (leaf, [origin]), (leaf, [Trees.At("again")]),
            (new FormatException("never thrown"), [])));

        string text = group.ToString();

        Assert.StartsWith(group.ToTreeString(), text, StringComparison.Ordinal);
        Assert.Contains("--- search, worker search/v1, silo s1, attempt 3", text, StringComparison.Ordinal);
        Assert.Contains(" ---> System.TimeoutException: slow", text, StringComparison.Ordinal);
        Assert.Contains("--- the group itself", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("System.IO.IOException: bad\n   at ").Length);
    }

    [Fact]
    public void ToString_ManyDistinctLeaves_ShowsTheFirstFewTraces()
    {
        ExceptionGroup group = new("g", Enumerable.Range(0, 50).Select(i => new IOException("m" + i)));

        Assert.Equal(5, group.ToString().Split("\n--- ").Length - 1);
    }

    [Fact]
    public void ToString_HostileSubclass_DoesNotThrow() =>
        Assert.Contains("<Message threw", new HostileGroup().ToString(), StringComparison.Ordinal);

    private sealed class HostileGroup() : ExceptionGroup("g", [new IOException()])
    {
        public override string Message => throw new InvalidOperationException();
    }
}
