using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>What the source of a map over pages gives (rule R15): some items, and where the next page begins.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <param name="Items">The items, in any number. The page is journaled as JSON: some thousand small ones, and of large ones references (rule D10).</param>
/// <param name="Next">The cursor that the source is asked for the next page with; <see langword="null"/> where this was the last.</param>
/// <remarks>Immutable, provided that the list is not changed afterwards. Its JSON is <c>{"items":[…],"next":"…"}</c>, whatever the naming policy.</remarks>
public sealed record MapPage<T>(
    [property: JsonPropertyName("items")] IReadOnlyList<T> Items,
    [property: JsonPropertyName("next")] string? Next);
