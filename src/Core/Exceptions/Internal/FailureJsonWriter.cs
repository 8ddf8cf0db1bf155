using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sheaf;

/// <summary>
/// Writes failures as JSON (rule E5). Version 1:
/// <code>
/// { "v": 1,
///   "stacks": [ "   at …" ],                              each distinct stack trace once
///   "types":  [ [ "System.FormatException", "System.SystemException", "System.Exception" ] ],
///   "causes": [ { "kind": "Requested", "at": "…" }, { "kind": "ParentCancelled", "at": "…", "parent": 0 } ],
///   "nodes":  [ { "type": 0, "message": "…", "group": true, "inner": [ 1, 2 ] }, … ] }
/// </code>
/// A group's cause is an array of the one, or, where it has a parent, its place among the causes. The first node is the root, and a node's children come after it. The table is flat, since readers of JSON refuse deep nesting
/// (System.Text.Json beyond 64 levels) and groups nest deeper. What is empty is left out.
/// </summary>
internal static class FailureJsonWriter
{
    internal const int Version = 1;

    /// <summary>Escapes what has to be: of most languages' characters three bytes instead of six. For readers of JSON it is the same text.</summary>
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string Write(Failure root, bool relaxed = false)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, relaxed ? Relaxed : default)) Write(writer, root);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    internal static void Write(Utf8JsonWriter writer, Failure root)
    {
        List<Failure> nodes = [root];
        OrderedDictionary<string, int> stacks = new(StringComparer.Ordinal);
        OrderedDictionary<string, IReadOnlyList<string>> types = new(StringComparer.Ordinal);
        List<int> typeOf = [];
        Causes causes = new();
        for (int i = 0; i < nodes.Count; i++)
        {
            Failure node = nodes[i];
            nodes.AddRange(node.Inner);
            if (node.StackTrace is { } stack) stacks.TryAdd(stack, stacks.Count);
            string key = TypeKey(node);
            types.TryAdd(key, [node.TypeName, .. node.BaseTypeNames]);
            typeOf.Add(types.IndexOf(key));
            if (node.Cause is { Parent: not null } cause) causes.Add(cause);
        }

        writer.WriteStartObject();
        writer.WriteNumber("v", Version);
        WriteStrings(writer, "stacks", stacks.Keys);
        writer.WriteStartArray("types");
        foreach (IReadOnlyList<string> names in types.Values) WriteStrings(writer, name: null, names);
        writer.WriteEndArray();
        causes.Write(writer);
        writer.WriteStartArray("nodes");
        int nextChild = 1;
        for (int i = 0; i < nodes.Count; i++)
        {
            WriteNode(writer, nodes[i], typeOf[i], stacks, causes, nextChild);
            nextChild += nodes[i].Inner.Count;
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    // Two versions of a program may derive one type name from different bases.
    private static string TypeKey(Failure node) =>
        node.BaseTypeNames.Count == 0 ? node.TypeName : $"{node.TypeName}\n{string.Join('\n', node.BaseTypeNames)}";

    private static void WriteNode(Utf8JsonWriter writer, Failure node, int type, OrderedDictionary<string, int> stacks, Causes causes, int firstChild)
    {
        writer.WriteStartObject();
        writer.WriteNumber("type", type);
        writer.WriteString("message", node.Message);
        if (node.StackTrace is { } stack) writer.WriteNumber("stack", stacks[stack]);
        if (node.IsGroup) writer.WriteBoolean("group", value: true);
        if (node.OmittedCount != 0) writer.WriteNumber("omitted", node.OmittedCount);
        if (node.Inner.Count > 0)
        {
            writer.WriteStartArray("inner");
            for (int i = 0; i < node.Inner.Count; i++) writer.WriteNumberValue(firstChild + i);
            writer.WriteEndArray();
        }

        if (node.Data.Count > 0)
        {
            writer.WriteStartObject("data");
            foreach ((string key, string value) in node.Data) writer.WriteString(key, value);
            writer.WriteEndObject();
        }

        if (node.Origins.Count > 0)
        {
            writer.WriteStartArray("origins");
            foreach (FailureOrigin origin in node.Origins) WriteOrigin(writer, origin);
            writer.WriteEndArray();
        }

        if (node.Cause is { Parent: not null } chained)
        {
            writer.WriteNumber("cause", causes.IndexOf(chained));
        }
        else if (node.Cause is { } cause)
        {
            writer.WriteStartArray("cause");
            Causes.Write(writer, cause, parent: null);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteOrigin(Utf8JsonWriter writer, FailureOrigin origin)
    {
        writer.WriteStartObject();
        WriteStrings(writer, "path", origin.Path);
        WriteOptional(writer, "workflow", origin.WorkflowId);
        WriteOptional(writer, "worker", origin.Worker);
        WriteOptional(writer, "silo", origin.Silo);
        if (origin.Attempt != 1) writer.WriteNumber("attempt", origin.Attempt);
        if (origin.Delivery != 0) writer.WriteNumber("delivery", origin.Delivery);
        if (origin.StartedAt is { } started) writer.WriteString("started", started);
        if (origin.EndedAt is { } ended) writer.WriteString("ended", ended);
        WriteOptional(writer, "trace", origin.TraceId);
        writer.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null) writer.WriteString(name, value);
    }

    private static void WriteStrings(Utf8JsonWriter writer, string? name, IEnumerable<string> values)
    {
        if (name is null) writer.WriteStartArray();
        else writer.WriteStartArray(name);
        foreach (string value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    /// <summary>
    /// The causes that have parents, and those, each once: those of groups inside a cancelled one share all but their first with the group
    /// around them, and a chain for each would cost the square of the nesting.
    /// </summary>
    private sealed class Causes
    {
        private readonly Dictionary<CancellationCause, int> _indices = new(ReferenceEqualityComparer.Instance);
        private readonly List<CancellationCause> _causes = [];

        internal int IndexOf(CancellationCause cause) => _indices[cause];

        /// <summary>Parents come first.</summary>
        internal void Add(CancellationCause cause)
        {
            Stack<CancellationCause> fresh = new();
            for (CancellationCause? at = cause; at is not null && !_indices.ContainsKey(at); at = at.Parent) fresh.Push(at);
            while (fresh.TryPop(out CancellationCause? next))
            {
                _indices.Add(next, _causes.Count);
                _causes.Add(next);
            }
        }

        internal void Write(Utf8JsonWriter writer)
        {
            if (_causes.Count == 0) return;
            writer.WriteStartArray("causes");
            foreach (CancellationCause cause in _causes) Write(writer, cause, cause.Parent is { } parent ? _indices[parent] : null);
            writer.WriteEndArray();
        }

        internal static void Write(Utf8JsonWriter writer, CancellationCause cause, int? parent)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", cause.Kind.ToString());
            WriteOptional(writer, "reason", cause.Reason);
            WriteOptional(writer, "by", cause.By);
            writer.WriteString("at", cause.At);
            if (parent is { } index) writer.WriteNumber("parent", index);
            writer.WriteEndObject();
        }
    }
}
