namespace Sheaf.Engine;

/// <summary>A worker's input as JSON: a text of its own, or a place among the inputs of a part of a map.</summary>
internal readonly record struct JsonInput
{
    private readonly string? _text;
    private readonly MapInputs? _part;
    private readonly int _place;
    private readonly bool _isFirst;

    /// <summary>A text; null for no input.</summary>
    public JsonInput(string? text) => _text = text;

    /// <summary>An input of a part.</summary>
    /// <param name="part">The part; it outlives the reading.</param>
    /// <param name="place">Which of its inputs.</param>
    /// <param name="isFirst">Whether it has not been read before.</param>
    public JsonInput(MapInputs part, int place, bool isFirst)
    {
        _part = part;
        _place = place;
        _isFirst = isFirst;
    }

    public T? Read<T>(Payloads payloads)
    {
        if (_part is null) return payloads.Read<T>(_text);
        if (typeof(T) == typeof(Nothing) || typeof(T) == typeof(RawJson)) return payloads.Read<T>(_part.Element(_place).GetRawText());
        return _isFirst ? _part.Take<T>(_place, payloads) : payloads.Read<T>(_part.Element(_place));
    }
}
