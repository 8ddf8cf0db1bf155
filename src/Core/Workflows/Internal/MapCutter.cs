using System.Text;

namespace Sheaf;

/// <summary>Puts a map's inputs together to parts: so many, within a size.</summary>
/// <param name="size">The most inputs of a part.</param>
/// <param name="onPart">Told of each part when it is complete.</param>
/// <remarks>Where it cuts depends on the inputs and the size alone, and is part of the journal's format: a replay has to find the same.</remarks>
internal sealed class MapCutter(int size, Action<MapPart> onPart)
{
    /// <summary>So many characters of input go together; a larger one goes alone.</summary>
    public const int MaxCharacters = 256 * 1024;

    private readonly StringBuilder _part = new();
    private int _first;
    private int _count;

    /// <summary>Whether the next input begins a part.</summary>
    public bool IsBetweenParts => _count == 0;

    /// <summary>Adds the next input.</summary>
    public void Add(ReadOnlySpan<char> json)
    {
        if (_part.Length + json.Length > MaxCharacters) End();
        _part.Append(_count == 0 ? '[' : ',').Append(json);
        if (++_count == size) End();
    }

    /// <summary>Adds the next inputs, which are a part: as many as one takes, within its size, where none has begun.</summary>
    /// <param name="json">A JSON array.</param>
    /// <param name="count">How many they are.</param>
    public void AddPart(string json, int count)
    {
        onPart(new MapPart(_first, count, json));
        _first += count;
    }

    /// <summary>Ends the part before the next input, and passes over that.</summary>
    public void Skip()
    {
        End();
        _first++;
    }

    /// <summary>Ends the part that has begun, if one has.</summary>
    public void End()
    {
        if (_count == 0) return;
        onPart(new MapPart(_first, _count, _part.Append(']').ToString()));
        _part.Clear();
        _first += _count;
        _count = 0;
    }
}
