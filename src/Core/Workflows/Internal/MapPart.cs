using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>Some inputs of a map that go together.</summary>
/// <param name="First">The place of the first in the map.</param>
/// <param name="Count">How many.</param>
/// <param name="Inputs">The inputs, a JSON array.</param>
internal sealed record MapPart(int First, int Count, [property: JsonConverter(typeof(RawJsonConverter))] string Inputs);
