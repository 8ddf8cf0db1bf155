namespace Sheaf;

/// <summary>How the items of one page of a map ended (rule R15).</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <param name="Page">The page, from 0.</param>
/// <param name="Outcomes">The outcomes of all its items, in their order.</param>
/// <remarks>Immutable and therefore safe for use by several threads.</remarks>
public sealed record MapPageOutcomes<T>(int Page, IReadOnlyList<MapOutcome<T>> Outcomes);
