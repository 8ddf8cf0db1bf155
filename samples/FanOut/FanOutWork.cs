namespace Sheaf.Samples.FanOut;

/// <summary>
/// What a child runs, by name and types alone. The class that does it is in another assembly, which only silos have: what it throws
/// reaches callers that have never heard of its type.
/// </summary>
[Worker(Name)]
public abstract class FanOutWork : Worker<FanOutPart, int>
{
    /// <summary>The worker's registered name.</summary>
    public const string Name = "fan-out-work/v1";
}
