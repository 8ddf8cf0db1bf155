using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Sheaf.Engine;

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
