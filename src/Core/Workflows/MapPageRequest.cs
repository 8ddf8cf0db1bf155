using System.Text.Json.Serialization;

namespace Sheaf;

/// <summary>What the source of a map over pages is asked for (rule R15).</summary>
/// <typeparam name="TSource">The type of what is read from.</typeparam>
/// <param name="Source">What is read from, as it was given to <c>MapPagesAsync</c>: a folder, a query, a tenant.</param>
/// <param name="Cursor">Where the page begins: the <see cref="MapPage{T}.Next"/> of the page before it; <see langword="null"/> for the first.</param>
/// <remarks>Immutable. Its JSON is <c>{"source":…,"cursor":"…"}</c>, whatever the naming policy.</remarks>
public sealed record MapPageRequest<TSource>(
    [property: JsonPropertyName("source")] TSource Source,
    [property: JsonPropertyName("cursor")] string? Cursor);
