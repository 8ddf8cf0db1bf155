namespace Sheaf.Samples.FanOut.Workers;

/// <summary>The base of what this worker throws: an exception as applications write them, without attributes, registration or serializer.</summary>
public abstract class FanOutException(string message) : Exception(message);

/// <summary>A part that was asked to fail.</summary>
public sealed class FaultyPartException(int number) : FanOutException($"Part {number} is faulty, as it was asked to be.")
{
    /// <summary>The part's number.</summary>
    public int Number { get; } = number;
}
