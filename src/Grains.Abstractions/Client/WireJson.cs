using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sheaf.Grains;

/// <summary>How descriptions cross the wire.</summary>
internal static class WireJson
{
    /// <summary>Groups nest as deep as code nests them; each level of theirs is several of JSON's. No page of HTML ever has the text in it.</summary>
    public static JsonSerializerOptions Options { get; } = new() { MaxDepth = 100_000, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
