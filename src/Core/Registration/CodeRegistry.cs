namespace Sheaf;

/// <summary>Classes by their registered names.</summary>
internal sealed class CodeRegistry
{
    public Names Workflows { get; } = new("workflow", (MapShard.Name, typeof(MapShard)), (PagedMap.Name, typeof(PagedMap)), (PagedMapPage.Name, typeof(PagedMapPage)));

    public Names Workers { get; } = new("worker");

    /// <summary>One kind of names: given once, never twice.</summary>
    /// <param name="kind">What they are names of, for errors.</param>
    /// <param name="own">Sheaf's own, which every host has; they are not among <see cref="All"/>.</param>
    internal sealed class Names(string kind, params (string Name, Type Type)[] own)
    {
        private readonly Dictionary<string, Type> _types = new(StringComparer.Ordinal);
        private readonly Dictionary<string, Type> _own = own.ToDictionary(one => one.Name, one => one.Type, StringComparer.Ordinal);

        public IReadOnlyCollection<string> All => _types.Keys;

        public void Add(string name, Type type)
        {
            if (_own.ContainsKey(name)) throw new InvalidOperationException($"{type} is registered as {kind} '{name}', which is a name of Sheaf's own. Give it another one.");
            if (_types.TryAdd(name, type) || _types[name] == type) return;
            throw new InvalidOperationException($"Two classes are registered as {kind} '{name}': {_types[name]} and {type}. Give one of them another name.");
        }

        public bool Has(string name) => _types.ContainsKey(name) || _own.ContainsKey(name);

        /// <summary>The class of that name.</summary>
        /// <exception cref="InvalidOperationException">There is none; the message names those that there are.</exception>
        public Type Get(string name) => _types.TryGetValue(name, out Type? type) || _own.TryGetValue(name, out type) ? type : throw new InvalidOperationException(Missing(name));

        /// <summary>That there is no class of that name, and which there are.</summary>
        public string Missing(string name) =>
            $"No {kind} is registered as '{name}'. Registered: {(_types.Count == 0 ? "none" : string.Join(", ", _types.Keys.Order(StringComparer.Ordinal)))}. Add its class in AddSheaf.";
    }
}
