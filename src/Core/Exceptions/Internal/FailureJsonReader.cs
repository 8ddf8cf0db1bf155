using System.Text.Json;

namespace Sheaf;

/// <summary>Reads what <see cref="FailureJsonWriter"/> wrote; the text comes from outside, so that every index is checked.</summary>
internal static class FailureJsonReader
{
    internal static Failure Read(JsonElement root)
    {
        JsonFields fields = new(root, "failure");
        int version = fields.Required("v").Int();
        if (version != FailureJsonWriter.Version)
        {
            throw new JsonException(
                $"A failure of format version {version} cannot be read; this reads version {FailureJsonWriter.Version}.");
        }

        string[] stacks = fields.Required("stacks").Strings();
        // Base type names are shared by the nodes of a type: copied for each, a small text could ask for memory without bound.
        (string Name, string[] Bases)[] types = [.. fields.Required("types").Items().Select(ReadType)];
        CancellationCause[] causes = ReadCauses(fields);
        JsonField[] nodes = [.. fields.Required("nodes").Items()];
        if (nodes.Length == 0) throw new JsonException("failure.nodes is empty; its first node is the failure.");

        // Children come after their parents: built from the last on, all of a node's children exist when it is read. Each is taken
        // by one parent only, or a small text could describe a tree without bound.
        Failure?[] built = new Failure?[nodes.Length];
        for (int i = nodes.Length - 1; i >= 0; i--) built[i] = ReadNode(new(nodes[i]), i, stacks, types, causes, built);
        int orphan = Array.FindIndex(built, 1, static node => node is not null);
        return orphan < 0 ? built[0]! : throw new JsonException($"failure.nodes[{orphan}] belongs to no other node.");
    }

    private static (string Name, string[] Bases) ReadType(JsonField type)
    {
        string[] names = type.Strings();
        return names.Length > 0 ? (names[0], names[1..]) : throw type.Wrong("the names of a type, its own first");
    }

    private static Failure ReadNode(JsonFields node, int index, string[] stacks, (string Name, string[] Bases)[] types, CancellationCause[] causes, Failure?[] built)
    {
        (string name, string[] bases) = node.Required("type").IndexInto(types);
        return new()
        {
            TypeName = name,
            BaseTypeNames = bases,
            Message = node.Required("message").String(),
            StackTrace = node.Optional("stack")?.IndexInto(stacks),
            IsGroup = node.Optional("group")?.Bool() ?? false,
            OmittedCount = node.Optional("omitted")?.Int() ?? 0,
            Inner = [.. Items(node, "inner").Select(child => Take(child, index, built))],
            Data = node.Optional("data")?.Texts() ?? SafeText.EmptyData,
            Origins = [.. Items(node, "origins").Select(static origin => ReadOrigin(new(origin)))],
            Cause = node.Optional("cause") is { Value.ValueKind: JsonValueKind.Number } chained ? chained.IndexInto(causes) : ReadChain(Items(node, "cause")),
        };
    }

    private static IEnumerable<JsonField> Items(JsonFields node, string name) => node.Optional(name)?.Items() ?? [];

    private static Failure Take(JsonField child, int parent, Failure?[] built)
    {
        int index = child.Int();
        if (index <= parent || index >= built.Length) throw child.Wrong("the index of a later node");
        Failure failure = built[index] ?? throw child.Wrong("a node that belongs to no other node");
        built[index] = null;
        return failure;
    }

    private static FailureOrigin ReadOrigin(JsonFields origin) => new()
    {
        Path = origin.Required("path").Strings(),
        WorkflowId = origin.Optional("workflow")?.String(),
        Worker = origin.Optional("worker")?.String(),
        Silo = origin.Optional("silo")?.String(),
        Attempt = origin.Optional("attempt")?.Int() ?? 1,
        Delivery = origin.Optional("delivery")?.Int() ?? 0,
        StartedAt = origin.Optional("started")?.Time(),
        EndedAt = origin.Optional("ended")?.Time(),
        TraceId = origin.Optional("trace")?.String(),
    };

    private static CancellationCause[] ReadCauses(JsonFields root)
    {
        List<CancellationCause> causes = [];
        foreach (JsonField field in Items(root, "causes"))
        {
            JsonField? parent = new JsonFields(field).Optional("parent");
            causes.Add(ReadCause(field, parent?.IndexInto(causes)));
        }

        return [.. causes];
    }

    private static CancellationCause? ReadChain(IEnumerable<JsonField> chain)
    {
        CancellationCause? cause = null;
        foreach (JsonField field in chain.Reverse()) cause = ReadCause(field, cause);
        return cause;
    }

    private static CancellationCause ReadCause(JsonField field, CancellationCause? parent)
    {
        JsonFields fields = new(field);
        JsonField kind = fields.Required("kind");
        if (!Enum.TryParse(kind.String(), out CancellationCauseKind known)) throw kind.Wrong("a kind of cancellation cause");
        return new(known, fields.Optional("reason")?.String(), fields.Optional("by")?.String(), fields.Required("at").Time()) { Parent = parent };
    }
}
