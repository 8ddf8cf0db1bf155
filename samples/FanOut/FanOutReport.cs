namespace Sheaf.Samples.FanOut;

/// <summary>What came of it.</summary>
/// <param name="Results">How many children gave their value.</param>
/// <param name="Sum">The sum of the values: n × (n + 1) / 2 where all of n children did.</param>
public sealed record FanOutReport(int Results, long Sum);
