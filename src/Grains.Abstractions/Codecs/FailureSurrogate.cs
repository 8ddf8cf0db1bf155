namespace Sheaf.Codecs;

/// <summary>A failure on the wire: the JSON of <see cref="Failure.ToJson"/>, in which equal stack traces are stored once (rule E5).</summary>
[GenerateSerializer, Immutable, Alias("sheaf.FailureSurrogate")]
internal readonly struct FailureSurrogate(string json)
{
    [Id(0)]
    public readonly string Json = json;
}
