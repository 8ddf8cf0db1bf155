using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sheaf.Engine;

/// <summary>How the inputs of a part of a map ended, where a failure is not the part's own (R15). Journaled, as the part's value.</summary>
/// <param name="Values">A JSON array: the values of the inputs that succeeded, in their order.</param>
/// <param name="Failed">The places in the part of those that failed.</param>
/// <param name="Failures">All their failures, in the order in which they happened; the first name in a failure's path is the input's place in the map, in brackets.</param>
/// <param name="Repeated">What that group does not have whole, since an instance is in it once: the failures of inputs that failed with what others had failed with. Null where none did.</param>
internal sealed record MapPartEnd([property: JsonConverter(typeof(RawJsonConverter))] string Values, IReadOnlyList<int> Failed, Failure? Failures, Failure? Repeated = null)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = int.MaxValue };

    public static MapPartEnd FromJson(string json) => JsonSerializer.Deserialize<MapPartEnd>(json, Format)!;

    /// <summary>The failures of a part with the inputs that failed with them.</summary>
    public static ILookup<string, Exception> ByInput(IEnumerable<ExceptionGroup> failures) => failures
        .SelectMany(group => group.InnerExceptions.SelectMany((error, i) => group.OriginsAt(i).Where(origin => origin.Path.Count > 0).Select(origin => (Input: origin.Path[0], Error: error))))
        .ToLookup(one => one.Input, one => one.Error, StringComparer.Ordinal);

    public string ToJson() => JsonSerializer.Serialize(this, Format);
}
