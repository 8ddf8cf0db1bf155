using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Sheaf.Core.Tests.Exceptions;

[Trait("Rule", "E5")]
public sealed class FailureJsonTests
{
    private static readonly DateTimeOffset Time = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromMinutes(90)).AddTicks(7);

    private static readonly Failure Everything = new()
    {
        TypeName = "Sheaf.ExceptionGroup",
        BaseTypeNames = ["System.AggregateException", "System.Exception"],
        Message = "tools \"quoted\" \n äöü 😀 </script>",
        StackTrace = "   at A\n   at B",
        IsGroup = true,
        Cause = new(CancellationCauseKind.ParentCancelled, "reason", "by", Time)
        {
            Parent = new(CancellationCauseKind.DeadlineExceeded, null, null, Time),
        },
        Data = new Dictionary<string, string>(StringComparer.Ordinal) { [""] = "", ["key"] = "value" },
        Inner =
        [
            new()
            {
                TypeName = "X",
                StackTrace = "   at A\n   at B",
                Origins =
                [
                    new() { Path = ["a", "b"], WorkflowId = "w", Worker = "k", Silo = "s", Attempt = 2, Delivery = 3, StartedAt = Time,
                        EndedAt = Time, TraceId = "t" },
                    new(),
                ],
                Inner = [new() { TypeName = "Y" }],
            },
            new() { TypeName = "X", BaseTypeNames = ["Z"], OmittedCount = 12 },
        ],
    };

    [Fact]
    public void Json_Everything_RoundTrips() => Assert.Equal(Everything, Failure.FromJson(Everything.ToJson()));

    [Fact]
    public void Json_InsideAnotherDocument_RoundTrips()
    {
        string json = JsonSerializer.Serialize(new Envelope("id", Everything, null));
        Envelope read = JsonSerializer.Deserialize<Envelope>(json)!;

        Assert.Equal(Everything, read.Failure);
        Assert.Null(read.None);
        Assert.Equal("id", read.Id);
    }

    [Fact]
    public void Json_IdenticalStacks_AreStoredOnce()
    {
        string stack = "   at Somewhere.Deep() " + new string('x', 1_000);
        Failure failure = new()
        {
            TypeName = "G",
            IsGroup = true,
            Inner = [.. Enumerable.Range(0, 1_000).Select(i => new Failure { TypeName = "X", Message = "m" + i, StackTrace = stack })],
        };

        string json = failure.ToJson();

        Assert.Equal(json.IndexOf("Somewhere", StringComparison.Ordinal), json.LastIndexOf("Somewhere", StringComparison.Ordinal));
        Assert.Equal(failure, Failure.FromJson(json));
    }

    [Fact]
    public void Json_LoneSurrogates_DoNotFail()
    {
        Failure failure = new() { TypeName = "X", Message = "a\ud800b", StackTrace = "\udc00", Data = OneEntry("\ud800", "\ud800") };

        Assert.Equal("a\ufffdb", Failure.FromJson(failure.ToJson()).Message);
    }

    [Theory]
    [InlineData("null", "failure is not an object")]
    [InlineData("[]", "failure is not an object")]
    [InlineData("{}", "failure.v is missing")]
    [InlineData("""{"v":2}""", "version 2")]
    [InlineData("""{"v":"1"}""", "failure.v is not")]
    [InlineData("""{"v":1}""", "failure.stacks is missing")]
    [InlineData("""{"v":1,"stacks":[]}""", "failure.types is missing")]
    [InlineData("""{"v":1,"stacks":[],"types":[]}""", "failure.nodes is missing")]
    [InlineData("""{"v":1,"stacks":[],"types":[],"nodes":[]}""", "failure.nodes is empty")]
    [InlineData("""{"v":1,"stacks":[],"types":[],"nodes":[{"message":""}]}""", "failure.nodes[0].type is missing")]
    [InlineData("""{"v":1,"stacks":[],"types":[[]],"nodes":[{"type":0,"message":""}]}""", "failure.types[0] is not the names of a type, its own first")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0}]}""", "failure.nodes[0].message is missing")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":1,"message":""}]}""", "failure.nodes[0].type is not an index into a table of 1")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0,"message":"","stack":-1}]}""", "failure.nodes[0].stack is not")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0,"message":"","inner":[0]}]}""", "failure.nodes[0].inner[0] is not the index of a later node")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0,"message":"","inner":[1,1]},{"type":0,"message":""}]}""", "failure.nodes[0].inner[1] is not a node that belongs to no other")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0,"message":""},{"type":0,"message":""}]}""", "failure.nodes[1] belongs to no other node")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0,"message":"","cause":[{"kind":"Why","at":"2026-01-01T00:00:00Z"}]}]}""", "cause[0].kind is not")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0,"message":"","origins":[{"path":["a"],"started":"noon"}]}]}""", "origins[0].started is not a time")]
    [InlineData("""{"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0,"message":"\ud800"}]}""", "failure.nodes[0].message is not valid text")]
    [InlineData("""{"v":1,""", "")]
    public void FromJson_Malformed_SaysWhatIsMissing(string json, string expected)
    {
        JsonException error = Assert.ThrowsAny<JsonException>(() => Failure.FromJson(json));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "C1")]
    public void Json_CausesOfNestedGroups_AreStoredOnceEach()
    {
        const int Depth = 1_000;
        CancellationCause cause = new(CancellationCauseKind.Requested, "enough", "me", DateTimeOffset.UnixEpoch);
        Failure failure = new() { TypeName = "X" };
        List<CancellationCause> causes = [cause];
        for (int i = 0; i < Depth; i++) causes.Add(new(CancellationCauseKind.ParentCancelled, null, null, DateTimeOffset.UnixEpoch) { Parent = causes[i] });
        for (int i = Depth; i >= 0; i--) failure = new() { TypeName = "G", IsGroup = true, Inner = [failure], Cause = causes[i] };

        Failure read = Failure.FromJson(failure.ToJson());

        Assert.InRange(failure.ToJson().Length, 0, Depth * 200);
        Assert.Null(read.Cause!.Parent);
        Assert.Equal("enough", read.Inner[0].Cause!.Parent!.Reason);
        Assert.Same(read.Inner[0].Cause, read.Inner[0].Inner[0].Cause!.Parent);
    }

    [Fact]
    public void FromJson_UnknownProperties_AreSkipped() =>
        Assert.Equal("X",
            Failure.FromJson("""{"new":1,"v":1,"stacks":[],"types":[["X"]],"nodes":[{"type":0,"message":"","new":{}}]}""").TypeName);

    [Fact]
    public void Json_FormatOfVersion1_StaysReadable()
    {
        const string Golden = """
            {"v":1,"stacks":["at A"],"types":[["Sheaf.ExceptionGroup","System.Exception"],["X"]],"nodes":[{"type":0,"message":"g","group":true,"inner":[1,2],"cause":[{"kind":"Requested","by":"me","at":"2026-01-01T00:00:00+00:00"}]},{"type":1,"message":"m","stack":0,"data":{"k":"v"},"origins":[{"path":["a"],"worker":"w"}]},{"type":1,"message":"3 more X, counted but not held","omitted":3}]}
            """;

        var failure = Failure.FromJson(Golden);

        Assert.Equal(Golden, failure.ToJson());
        Assert.Equal("w", failure.Inner[0].Origins[0].Worker);
        Assert.Equal(3, failure.Inner[1].OmittedCount);
    }

    [Fact]
    public void Json_TenThousandInner_RoundTrips()
    {
        ExceptionGroup group = new("g", Enumerable.Range(0, 10_000).Select(i => new FormatException("m" + i)));

        var failure = Failure.FromJson(Failure.From(group).ToJson());

        Assert.Equal(10_000, Assert.IsType<ExceptionGroup>(failure.ToException()).LeafCount);
    }

    [Fact]
    [Trait("Rule", "E5")]
    public void FromJson_ManyNodesOfOneType_ShareItsNames()
    {
        Failure read = Failure.FromJson("""{"v":1,"stacks":[],"types":[["G"],["X","Y"]],"nodes":[{"type":0,"message":"","group":true,"inner":[1,2]},{"type":1,"message":""},{"type":1,"message":""}]}""");

        Assert.Same(read.Inner[0].BaseTypeNames, read.Inner[1].BaseTypeNames);
    }

    [Fact]
    [Trait("Rule", "E6")]
    public void ToException_ChainLongerThanAnyCaptured_StaysDataBelow()
    {
        Failure failure = new() { TypeName = "System.FormatException" };
        for (int i = 0; i < 100_000; i++) failure = new() { TypeName = "System.FormatException", Inner = [failure] };

        Exception deepest = failure.ToException();
        int depth = 0;
        for (; deepest.InnerException is { } inner; depth++) deepest = inner;

        Assert.Equal(Failure.MaxInnerDepth + 1, depth);
        Assert.Single(Assert.IsType<RemoteException>(deepest).Failure.Inner);
    }

    [Fact]
    public void Json_RandomTrees_RoundTripAndRestore() => Prop.ForAll(Trees.Arbitrary, spec =>
    {
        ExceptionGroup group = Trees.Build(spec);
        var failure = Failure.From(group);
        var read = Failure.FromJson(failure.ToJson());
        var restored = (ExceptionGroup)read.ToException();

        return read.Equals(failure)
            && Trees.Shape(restored) == Trees.Shape(group)
            && Trees.Counts(restored) == Trees.Counts(group)
            && Trees.Paths(restored) == Trees.Paths(group)
            && Trees.Shape(restored.Subgroup<IOException>()) == Trees.Shape(group.Subgroup<IOException>());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Json_RandomTexts_RoundTrip() => Prop.ForAll<string, string>((message, value) =>
    {
        if (!IsText(message) || !IsText(value)) return true;
        Failure failure = new() { TypeName = "X", Message = message, StackTrace = value, Data = OneEntry(message, value) };
        return failure.Equals(Failure.FromJson(failure.ToJson()));
    }).QuickCheckThrowOnFailure();

    private static Dictionary<string, string> OneEntry(string key, string value) => new(StringComparer.Ordinal) { [key] = value };

    private static bool IsText(string? text) =>
        text is not null && !text.EnumerateRunes().Any(rune => rune == System.Text.Rune.ReplacementChar);

    private sealed record Envelope(string Id, Failure Failure, Failure? None);
}
