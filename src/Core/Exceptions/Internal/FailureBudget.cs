namespace Sheaf;

/// <summary>
/// Bounds what a failure says as a whole (rule E7): shortens its texts, and keeps its shape, its types and its counts. Does not
/// recurse; linear in what it says. The same failure always becomes the same.
/// </summary>
internal static class FailureBudget
{
    /// <summary>What each message may say before stacks and data are given anything.</summary>
    private const int FirstMessageLength = 2 * 1024;

    /// <summary>A text that is no longer stays whole: a mark in its place would say less.</summary>
    private const int LeastLength = 64;

    /// <summary>What it takes to say that entries of data were left out.</summary>
    private const int MoreEntriesLength = 48;

    /// <summary>How much of each name, id and reason stays where all is too much.</summary>
    private const int MaxNameLength = 256;

    /// <summary>
    /// At most <paramref name="maxCharacters"/> characters of texts, but for the types and for texts that are too short to be cut.
    /// First come messages to a modest length and origins, half of the budget at the most, then stacks, then data, then the rest of
    /// the messages; of each as much for everybody as there is for all. Returns the same instance where it is within the bound.
    /// </summary>
    internal static Failure Bound(Failure root, int maxCharacters = Failure.MaxCharacters)
    {
        List<Failure> nodes = NodesOf(root);
        if (IsWithin(nodes, maxCharacters)) return root;
        Lengths lengths = Lengths.Of(nodes);
        if (lengths.Total <= maxCharacters) return root;

        long left = Math.Max(0, maxCharacters - lengths.Types);
        Allowances allowances = new()
        {
            FirstMessages = Math.Min(FirstMessageLength, Share(lengths.Messages, left / 2)),
        };
        long messages = Sum(lengths.Messages, allowances.FirstMessages);
        left -= messages;
        allowances.Origins = Share(lengths.Origins, left / 2);
        left -= Sum(lengths.Origins, allowances.Origins);
        // Data that gets nothing says at least that it was there.
        allowances.Stacks = Share(lengths.Stacks, left - Sum(lengths.Data, LeastLength));
        left -= Sum(lengths.Stacks, allowances.Stacks);
        allowances.Data = Share(lengths.Data, left);
        left -= Sum(lengths.Data, allowances.Data);
        allowances.Messages = Math.Max(allowances.FirstMessages, Share(lengths.Messages, messages + Math.Max(0, left)));
        return Rebuild(nodes, allowances);
    }

    /// <summary>The failure and all that is inside, level by level: as its JSON counts them.</summary>
    internal static List<Failure> NodesOf(Failure root)
    {
        List<Failure> nodes = [root];
        for (int i = 0; i < nodes.Count; i++) nodes.AddRange(nodes[i].Inner);
        return nodes;
    }

    /// <summary>Whether it is, even if what is stated once for several counts for each: as nearly always, and then there is nothing to compare.</summary>
    private static bool IsWithin(List<Failure> nodes, int maxCharacters)
    {
        long characters = 0;
        foreach (Failure node in nodes)
        {
            characters += node.TypeName.Length + node.BaseTypeNames.Sum(name => name.Length) + node.Message.Length + (node.StackTrace?.Length ?? 0) + LengthOf(node.Data) + node.Origins.Sum(LengthOf);
            // As long as the groups are deep, each: those are counted once, in the end.
            if (node.Cause is { } cause) characters += (cause.Reason?.Length ?? 0) + (cause.By?.Length ?? 0);
            if (characters > maxCharacters || node.Cause?.Parent is not null) return false;
        }

        return true;
    }

    /// <summary>The most that each may have so that all together have no more than <paramref name="budget"/>.</summary>
    private static int Share(List<int> lengths, long budget)
    {
        int[] sorted = [.. lengths.Order()];
        for (int i = 0; i < sorted.Length; i++)
        {
            long share = budget / (sorted.Length - i);
            if (sorted[i] > share) return (int)Math.Max(share, LeastLength);
            budget -= sorted[i];
        }

        return int.MaxValue;
    }

    private static long Sum(List<int> lengths, int most) => lengths.Sum(length => (long)Math.Min(length, most));

    private static Failure Rebuild(List<Failure> nodes, Allowances allowances)
    {
        List<int> firstInner = new(nodes.Count);
        int next = 1;
        foreach (Failure node in nodes)
        {
            firstInner.Add(next);
            next += node.Inner.Count;
        }

        // A node's children come after it: from the last on, they are done when it is its turn.
        Dictionary<CancellationCause, CancellationCause> causes = new(ReferenceEqualityComparer.Instance);
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            Failure node = nodes[i];
            nodes[i] = node with
            {
                Message = SafeText.Cut(node.Message, allowances.Messages),
                StackTrace = node.StackTrace is { } stack ? SafeText.Cut(stack, allowances.Stacks) : null,
                Data = Cut(node.Data, allowances.Data),
                Origins = Cut(node.Origins, allowances.Origins),
                Cause = node.Cause is { } cause ? Cut(cause, causes) : null,
                Inner = node.Inner.Count > 0 ? nodes.GetRange(firstInner[i], node.Inner.Count) : node.Inner,
            };
        }

        return nodes[0];
    }

    private static IReadOnlyDictionary<string, string> Cut(IReadOnlyDictionary<string, string> data, int allowance)
    {
        if (LengthOf(data) <= allowance) return data;
        allowance -= MoreEntriesLength;
        Dictionary<string, string> kept = new(StringComparer.Ordinal);
        string? earlier = null;
        int dropped = 0;
        foreach ((string key, string value) in data)
        {
            if (key == SafeText.MoreEntries)
            {
                earlier = value;
                continue;
            }

            int room = allowance - key.Length;
            if (room < Math.Min(value.Length, LeastLength))
            {
                dropped++;
                continue;
            }

            kept[key] = SafeText.Cut(value, room);
            allowance = room - kept[key].Length;
        }

        if (dropped > 0) earlier = earlier is null ? SafeText.CutEntries(dropped) : $"{SafeText.CutEntries(dropped)}, {earlier}";
        if (earlier is not null) kept[SafeText.MoreEntries] = earlier;
        return kept;
    }

    /// <summary>The first origin always: without any nobody knows whose failure it was.</summary>
    private static IReadOnlyList<FailureOrigin> Cut(IReadOnlyList<FailureOrigin> origins, int allowance)
    {
        if (origins.Sum(LengthOf) <= allowance) return origins;
        List<FailureOrigin> kept = [];
        foreach (FailureOrigin origin in origins)
        {
            FailureOrigin cut = origin with
            {
                Path = [.. origin.Path.Select(CutName)],
                WorkflowId = origin.WorkflowId is { } workflow ? CutName(workflow) : null,
                Worker = origin.Worker is { } worker ? CutName(worker) : null,
                Silo = origin.Silo is { } silo ? CutName(silo) : null,
            };
            allowance -= LengthOf(cut);
            if (allowance < 0 && kept.Count > 0) break;
            kept.Add(cut);
        }

        return kept;
    }

    /// <summary>Causes are shared, and stay so: their JSON states each once.</summary>
    private static CancellationCause Cut(CancellationCause cause, Dictionary<CancellationCause, CancellationCause> done)
    {
        Stack<CancellationCause> open = new();
        for (CancellationCause? at = cause; at is not null && !done.ContainsKey(at); at = at.Parent) open.Push(at);
        while (open.TryPop(out CancellationCause? at))
        {
            CancellationCause? parent = at.Parent is null ? null : done[at.Parent];
            bool isShort = at.Reason is not { Length: > MaxNameLength } && at.By is not { Length: > MaxNameLength } && ReferenceEquals(parent, at.Parent);
            done[at] = isShort ? at : new(at.Kind, at.Reason is { } reason ? CutName(reason) : null, at.By is { } by ? CutName(by) : null, at.At) { Parent = parent };
        }

        return done[cause];
    }

    private static string CutName(string name) => SafeText.Cut(name, MaxNameLength);

    private static int LengthOf(FailureOrigin origin) =>
        origin.Path.Sum(name => name.Length) + (origin.WorkflowId?.Length ?? 0) + (origin.Worker?.Length ?? 0) + (origin.Silo?.Length ?? 0) + (origin.TraceId?.Length ?? 0);

    private static int LengthOf(IReadOnlyDictionary<string, string> data)
    {
        int length = 0;
        foreach ((string key, string value) in data) length += key.Length + value.Length;
        return length;
    }

    /// <summary>What each node, or each distinct stack, may say.</summary>
    private sealed class Allowances
    {
        internal required int FirstMessages { get; init; }

        internal int Messages { get; set; }

        internal int Origins { get; set; }

        internal int Stacks { get; set; }

        internal int Data { get; set; }
    }

    /// <summary>How many characters the texts of each kind have.</summary>
    private sealed class Lengths
    {
        internal List<int> Messages { get; } = [];

        internal List<int> Origins { get; } = [];

        /// <summary>Of each distinct stack, as a text states it once.</summary>
        internal List<int> Stacks { get; } = [];

        internal List<int> Data { get; } = [];

        /// <summary>Of the names of all distinct types, which are never cut.</summary>
        internal long Types { get; private set; }

        internal long Total { get; private set; }

        internal static Lengths Of(List<Failure> nodes)
        {
            Lengths lengths = new();
            HashSet<string> stacks = new(StringComparer.Ordinal);
            HashSet<string> types = new(StringComparer.Ordinal);
            HashSet<CancellationCause> causes = new(ReferenceEqualityComparer.Instance);
            foreach (Failure node in nodes)
            {
                if (types.Add(node.TypeName)) lengths.Types += node.TypeName.Length + node.BaseTypeNames.Sum(name => name.Length);
                if (node.StackTrace is { } stack && stacks.Add(stack)) lengths.Stacks.Add(stack.Length);
                lengths.Messages.Add(node.Message.Length);
                if (node.Origins.Count > 0) lengths.Origins.Add(node.Origins.Sum(LengthOf));
                if (node.Data.Count > 0) lengths.Data.Add(LengthOf(node.Data));
                for (CancellationCause? at = node.Cause; at is not null && causes.Add(at); at = at.Parent) lengths.Total += (at.Reason?.Length ?? 0) + (at.By?.Length ?? 0);
            }

            lengths.Total += lengths.Types + Sum(lengths.Messages, int.MaxValue) + Sum(lengths.Origins, int.MaxValue) + Sum(lengths.Stacks, int.MaxValue) + Sum(lengths.Data, int.MaxValue);
            return lengths;
        }
    }
}
