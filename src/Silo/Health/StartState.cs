namespace Sheaf.Silo.Health;

/// <summary>What a silo's start waits for, to be told to whoever asks for its health.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class StartState
{
    private volatile string? _waitsFor;

    /// <summary>In words that go on from "waits for"; null where there is nothing to tell.</summary>
    public string? WaitsFor
    {
        get => _waitsFor;
        set => _waitsFor = value;
    }
}
