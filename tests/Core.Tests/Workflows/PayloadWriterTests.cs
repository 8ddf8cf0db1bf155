using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Sheaf.Core.Tests.Groups;
using Sheaf.Engine;
using Sheaf.Journal;

namespace Sheaf.Core.Tests.Workflows;

/// <summary>Many payloads in a row are written as each would be alone.</summary>
public sealed class PayloadWriterTests
{
    public static TheoryData<string, JsonSerializerOptions> Options => new()
    {
        { "default", SheafOptions.DefaultSerializerOptions },
        { "indented", new JsonSerializerOptions { WriteIndented = true, IndentSize = 3, NewLine = "\r\n" } },
        { "relaxed", new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping } },
    };

    [Theory]
    [MemberData(nameof(Options))]
    [Trait("Rule", "D10")]
    public void Write_ManyValues_AreTheTextsThatEachHasAlone(string name, JsonSerializerOptions options)
    {
        Payloads payloads = new(options, maxBytes: 10_000);
        using PayloadWriter writer = payloads.OpenWriter();
        object?[] values = [1, "", "naïve ✓ 𝄞 <&>", new string('ü', 400), null, new { Name = "x", Items = new[] { 1, 2 } }, 2.5m, new string('x', 3_000)];
        foreach (object? value in values)
            Assert.True(payloads.Write(value, "input", name) == writer.Write(value, "input", name, 0).ToString(), $"{name}: {value}");
        Assert.Equal("null", writer.Write(default(Nothing), "input", name, 0).ToString());
    }

    [Fact]
    [Trait("Rule", "D10")]
    public void Write_AfterOneThatFails_IsAsBefore()
    {
        Payloads payloads = new(SheafOptions.DefaultSerializerOptions, maxBytes: 100);
        using PayloadWriter writer = payloads.OpenWriter();
        Assert.Throws<NotSupportedException>(() => writer.Write(new Half("begun"), "input of child", "map", 1));
        Assert.Equal("\"next\"", writer.Write("next", "input of child", "map", 2).ToString());
        string tooLarge = Assert.Throws<PayloadTooLargeException>(() => writer.Write(new string('x', 100), "input of child", "map", 3)).Message;
        Assert.Contains("The input of child 'map[3]' is 102 bytes of JSON; the limit is 100.", tooLarge, StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => payloads.Write(Nested(70), "input of child", "map"));
        Assert.Throws<JsonException>(() => writer.Write(Nested(70), "input of child", "map", 4));
        Assert.Equal("\"last\"", writer.Write("last", "input of child", "map", 4).ToString());
    }

    [Theory]
    [MemberData(nameof(Options))]
    [Trait("Rule", "D10")]
    public void WriteAll_IsTheTextsThatEachHasAlone_OrLeavesThemToBeWrittenOneByOne(string name, JsonSerializerOptions options)
    {
        Payloads payloads = new(options, maxBytes: 10_000);
        using PayloadWriter writer = payloads.OpenWriter();
        List<object?> values = [1, "naïve ✓ 𝄞 <&>", null, new { Name = "x", Items = new[] { 1, 2 } }, 2.5m];
        string? together = writer.TryWriteAll(values, 10_000);
        if (name == "indented") Assert.Null(together);
        else Assert.Equal($"[{string.Join(',', values.Select(value => payloads.Write(value, "input", name)))}]", together);
    }

    [Fact]
    [Trait("Rule", "D10")]
    public void WriteAll_WhereItIsNotWhatEachIsAlone_LeavesThemToBeWrittenOneByOne()
    {
        Assert.Null(WriteAll(new Payloads(new() { ReferenceHandler = ReferenceHandler.Preserve }, 10_000), [1]));
        Assert.Null(WriteAll(new Payloads(new() { Converters = { new JoinedLists() } }, 10_000), [1]));
        Assert.Null(WriteAll(new Payloads(new() { TypeInfoResolver = new OnlyTypes(new DefaultJsonTypeInfoResolver(), [typeof(int)]) }, 10_000), [1]));
        Assert.Null(WriteAll<Nothing>(Payloads.Default, [default]));
        // One at its limit would be within it in other company: they are counted one by one.
        Assert.Null(WriteAll(new Payloads(SheafOptions.DefaultSerializerOptions, maxBytes: 20), ["1234567"]));
        Assert.Null(WriteAll(Payloads.Default, Enumerable.Range(0, 100_000)));
    }

    [Fact]
    [Trait("Rule", "D10")]
    public void WriteAll_WithOneThatFails_LeavesThemToBeWrittenOneByOne_AndNotThoseAfter()
    {
        using PayloadWriter writer = Payloads.Default.OpenWriter();
        Assert.Null(writer.TryWriteAll<object>([1, new Half("begun")], 1_000));
        Assert.Null(writer.TryWriteAll<object>([Nested(63)], 1_000));
        Assert.Equal("[1,2]", writer.TryWriteAll<object>([1, 2], 1_000));
    }

    [Theory]
    [Trait("Rule", "D10")]
    [InlineData(typeof(int))]
    [InlineData(typeof(List<int>))]
    public void WriteAll_WhereAContractSaysHowNumbersAreWritten_IsTheTextsThatEachHasAlone(Type contract)
    {
        DefaultJsonTypeInfoResolver resolver = new()
        {
            Modifiers =
            {
                type =>
                {
                    if (type.Type == contract) type.NumberHandling = JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString;
                },
            },
        };
        Assert.Null(WriteAll(new Payloads(new() { TypeInfoResolver = resolver }, 10_000), [1, 2]));
    }

    [Fact]
    [Trait("Rule", "D10")]
    public async Task Map_OfATypeThatNobodyCanWrite_FailsWithEachInput()
    {
        ServiceCollection services = new();
        services.AddSheaf(s => s.AddWorkflow<MapTwins>().AddWorker<TwinWorker>()).UseEmbedded(new MemoryJournal());
        await using ServiceProvider host = services.BuildServiceProvider();
        ExceptionGroup failures = await Guard.Throws<ExceptionGroup>(() => host.GetRequiredService<IWorkflowClient>().RunAsync(Run.Workflow<MapTwins>(), "w", 3));
        Assert.Equal(["twins[0]", "twins[1]", "twins[2]"], failures.Leaves.Select(leaf => leaf.Origins[^1].Path[^1]));
        Assert.All(failures.Leaves, leaf => Assert.IsType<InvalidOperationException>(leaf.Exception));
    }

    private static string? WriteAll<T>(Payloads payloads, IEnumerable<T> values)
    {
        using PayloadWriter writer = payloads.OpenWriter();
        return writer.TryWriteAll<T>([.. values], 256 * 1024);
    }

    private static object Nested(int depth)
    {
        object nested = 1;
        for (int i = 0; i < depth; i++) nested = new[] { nested };
        return nested;
    }

    /// <summary>Fails when half of it is written.</summary>
    private sealed record Half(string First)
    {
        public string Second => throw new NotSupportedException("not this one");
    }
}

/// <summary>Two properties of one name: the serializer knows no contract of it.</summary>
internal sealed record Twin([property: JsonPropertyName("n")] int First, [property: JsonPropertyName("n")] int Second);

[Workflow("map-twins/v1")]
internal sealed class MapTwins : Workflow<int, IReadOnlyList<string>>
{
    public override Task<IReadOnlyList<string>> RunAsync(int input, WorkflowContext workflow) => workflow.GroupAsync("g", async group =>
        await group.MapAsync("twins", Run.Worker<TwinWorker>(), [.. Enumerable.Range(0, input).Select(n => new Twin(n, n))], new() { Policy = GroupPolicy.CollectAll }));
}

[Worker("twin/v1")]
internal sealed class TwinWorker : Worker<Twin, string>
{
    public override Task<string> RunAsync(Twin input, WorkerContext context, CancellationToken cancellationToken) => Task.FromResult("never");
}
