using System.Buffers;

namespace Sheaf;

/// <summary>What a failure costs as JSON, before it is written: for whoever puts several into one message or one commit.</summary>
internal static class FailureWeight
{
    // What a node, and an origin of it, have beside their texts: names of properties, punctuation, numbers and times.
    private const int Node = 128;
    private const int Origin = 192;
    private const int Text = 16;

    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Except(['"', '\\'])]);

    /// <summary>The most bytes that the JSON of a failure has, without HTML's characters escaped. Does not recurse; linear in what it says.</summary>
    internal static long Of(Failure root)
    {
        List<Failure> nodes = FailureBudget.NodesOf(root);
        HashSet<string>? stacks = nodes.Count > 1 ? new(StringComparer.Ordinal) : null;
        HashSet<string>? types = nodes.Count > 1 ? new(StringComparer.Ordinal) : null;
        HashSet<CancellationCause> causes = new(ReferenceEqualityComparer.Instance);
        long bytes = Node;
        foreach (Failure node in nodes)
        {
            bytes += Node + Of(node.Message);
            if (node.StackTrace is { } stack && (stacks?.Add(stack) ?? true)) bytes += Of(stack);
            if (types?.Add(node.TypeName) ?? true) bytes += Of(node.TypeName) + node.BaseTypeNames.Sum(Of);
            foreach ((string key, string value) in node.Data) bytes += Of(key) + Of(value);
            foreach (FailureOrigin origin in node.Origins) bytes += Of(origin);
            for (CancellationCause? at = node.Cause; at is not null && (causes.Add(at) || ReferenceEquals(at, node.Cause)); at = at.Parent) bytes += Origin + Of(at.Reason) + Of(at.By);
        }

        return bytes;
    }

    private static long Of(FailureOrigin origin) => Origin + origin.Path.Sum(Of) + Of(origin.WorkflowId) + Of(origin.Worker) + Of(origin.Silo) + Of(origin.TraceId);

    /// <summary>What has to be escaped is six bytes; of what has not, most is one.</summary>
    private static long Of(string? text)
    {
        if (text is null) return 0;
        ReadOnlySpan<char> rest = text;
        long bytes = Text + rest.Length;
        for (int next = rest.IndexOfAnyExcept(Plain); next >= 0; next = rest.IndexOfAnyExcept(Plain))
        {
            bytes += 5;
            rest = rest[(next + 1)..];
        }

        return bytes;
    }
}
