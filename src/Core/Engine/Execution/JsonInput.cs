using System.Text.Json;

namespace Sheaf.Engine;

/// <summary>A worker's input as JSON: a text of its own, or a place in a text that others are in too.</summary>
internal readonly record struct JsonInput
{
    private readonly string? _text;
    private readonly JsonElement _element;

    /// <summary>A text; null for no input.</summary>
    public JsonInput(string? text) => _text = text;

    /// <summary>An element of a document that outlives the reading.</summary>
    public JsonInput(JsonElement element) => _element = element;

    public bool IsElement => _element.ValueKind != JsonValueKind.Undefined;

    public JsonElement Element => _element;

    /// <summary>The text; made where it is an element.</summary>
    public string? Text => IsElement ? _element.GetRawText() : _text;
}
