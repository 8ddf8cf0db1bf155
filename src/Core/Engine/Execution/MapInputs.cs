using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sheaf.Engine;

/// <summary>The inputs of a part of a map: one JSON array. Whoever needs the first of them reads all, which costs less than each for itself.</summary>
/// <param name="json">The array.</param>
/// <param name="count">How many there are.</param>
/// <remarks>Thread-safe, but for its end: nobody reads then.</remarks>
internal sealed class MapInputs(string json, int count) : IDisposable
{
    /// <summary>In the place of the values where they are read one by one.</summary>
    private static readonly object OneByOne = new();

    private readonly Lock _gate = new();

    // Set once, under _gate. Values that were taken are gone from it.
    private object? _values;

    // Guarded by _gate.
    private JsonDocument? _document;
    private JsonElement[]? _elements;

    /// <summary>The value of an input, for whoever asks first: an attempt after that needs one that nobody has changed.</summary>
    /// <exception cref="JsonException">This one is not of the type.</exception>
    public T? Take<T>(int place, Payloads payloads)
    {
        if ((Volatile.Read(ref _values) ?? ReadAll<T>(payloads)) is not List<T?> values) return payloads.Read<T>(Element(place));
        ref T? value = ref CollectionsMarshal.AsSpan(values)[place];
        T? taken = value;
        value = default;
        return taken;
    }

    /// <summary>An input as it came.</summary>
    public JsonElement Element(int place)
    {
        lock (_gate)
        {
            _document ??= JsonDocument.Parse(json, Payloads.AnyDepth);
            _elements ??= [.. _document.RootElement.EnumerateArray()];
            return _elements[place];
        }
    }

    public void Dispose() => _document?.Dispose();

    private object ReadAll<T>(Payloads payloads)
    {
        lock (_gate)
        {
            if (_values is null) Volatile.Write(ref _values, payloads.TryReadAll<T>(json) is { } all && all.Count == count ? all : OneByOne);
            return _values;
        }
    }
}
