namespace Sheaf;

/// <summary>Counts what is left out of one group, by type, in the order in which the types first occur. Not thread-safe.</summary>
internal sealed class OmittedTally
{
    private readonly OrderedDictionary<string, (IReadOnlyList<string> Bases, long Count)> _types = new(StringComparer.Ordinal);

    internal int Types => _types.Count;

    internal void Add(Exception leaf)
    {
        TypeNames type = TypeNames.Of(leaf);
        Add(type.Name, type.BaseNames, GroupTree.CountOf(leaf));
    }

    internal void Add(OmittedTally other)
    {
        foreach ((string name, (IReadOnlyList<string> bases, long count)) in other._types) Add(name, bases, count);
    }

    /// <summary>Puts one leaf a type at the end of <paramref name="children"/>.</summary>
    internal void AddTo(Children children)
    {
        foreach ((string name, (IReadOnlyList<string> bases, long count)) in _types)
        {
            children.Add(new OmittedFailures(name, bases, GroupTree.Saturate(count)), []);
        }
    }

    private void Add(string name, IReadOnlyList<string> bases, long count)
    {
        _types[name] = _types.TryGetValue(name, out var before) ? (before.Bases, before.Count + count) : (bases, count);
    }
}
