namespace Sheaf.Simulation;

/// <summary>A rule of the design does not hold in a run.</summary>
public sealed class RuleBrokenException(string rule, string what) : Exception($"{rule}: {what}")
{
    public string Rule { get; } = rule;
}
