namespace Sheaf.Samples.FanOut;

/// <summary>What to fan out.</summary>
/// <param name="Children">How many children, numbered from 1.</param>
/// <param name="Fail">How many of them fail, spread evenly.</param>
/// <param name="Sleep">How long each sleeps; one that fails, half of it.</param>
/// <param name="Policy">What a failure does to the others.</param>
public sealed record FanOutOrder(int Children, int Fail, TimeSpan Sleep, GroupPolicy Policy)
{
    /// <summary>Whether the child with this number fails.</summary>
    public bool Fails(int number) => (long)number * Fail / Children > (number - 1L) * Fail / Children;
}
