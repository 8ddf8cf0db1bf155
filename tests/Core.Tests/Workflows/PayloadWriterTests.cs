using System.Text.Encodings.Web;
using System.Text.Json;
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
