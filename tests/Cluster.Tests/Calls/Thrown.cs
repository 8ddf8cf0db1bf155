using Sheaf.Cluster.Tests.Codecs;

namespace Sheaf.Cluster.Tests.Calls;

/// <summary>What the grains throw, by name: a row each of what Orleans' serializer does to exceptions.</summary>
internal static class Thrown
{
    private static readonly Dictionary<string, Func<Exception>> ByName = new(StringComparer.Ordinal)
    {
        ["system"] = () => new FormatException("bad", new IOException("disk")) { Data = { ["line"] = "7" } },
        ["generated"] = () => new GeneratedException("with a field", 7),
        ["plain"] = () => new PlainException("plain") { Data = { ["order"] = "8" } },
        ["plain inside"] = () => new InvalidOperationException("outer", new PlainException("inner")),
        ["aggregate"] = () => new AggregateException("several", new FormatException("a"), new PlainException("b")),
        ["aggregate subclass"] = () => new PlainAggregate("own", [new FormatException("a"), new PlainException("b")]),
        ["group"] = Made.Tree,
        ["group subclass"] = () => new BatchFailed("batch", [new FormatException("a"), new PlainException("b")]),
        ["unloadable"] = () => Made.Unloadable("disk full"),
        ["stale"] = () => new Orleans.Storage.InconsistentStateException("stale", new PlainException("store")),
    };

    internal static IEnumerable<string> Names => ByName.Keys;

    internal static Exception Make(string name) => ByName[name]();
}

[GenerateSerializer]
public sealed class GeneratedException(string message, int code) : Exception(message)
{
    [Id(0)]
    public int Code { get; } = code;
}

public sealed class PlainAggregate(string message, IEnumerable<Exception> inner) : AggregateException(message, inner);
