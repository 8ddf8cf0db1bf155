namespace Sheaf.Samples.FanOut;

/// <summary>What one child is given.</summary>
/// <param name="Number">Its number, from 1: also its value.</param>
/// <param name="Sleep">How long it sleeps.</param>
/// <param name="Fails">Whether it fails then.</param>
public sealed record FanOutPart(int Number, TimeSpan Sleep, bool Fails);
